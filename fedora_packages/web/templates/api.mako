## The documentation of the JSON API, from the same data as the OpenAPI document.
<%inherit file="layout.mako"/>
<%block name="page_title">JSON API - Fedora Packages</%block>

<%def name="prose(blocks)">
% for is_code, text in blocks:
% if is_code:
<pre>${text}</pre>
% else:
<p>${inline(text)}</p>
% endif
% endfor
</%def>

## A text with code in it.
<%def name="inline(text)">\
% for is_code, part in spans(text):
% if is_code:
<code>${part}</code>\
% else:
${part}\
% endif
% endfor
</%def>

## A type, with a link to its definition.
<%def name="typed(text)">\
% for is_name, part in spans(text):
% if is_name:
<a href="#part-${part}">${part}</a>\
% else:
${part}\
% endif
% endfor
</%def>

<%def name="members(fields)">
<div class="scroll"><table>
  <thead><tr><th scope="col">Member</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead>
  <tbody>
  % for path, kind, meaning in fields:
    <tr><th scope="row"><code>${path}</code></th><td>${typed(kind)}</td><td>${meaning}</td></tr>
  % endfor
  </tbody>
</table></div>
</%def>

<%def name="described(endpoint, example, fields)">
<section class="panel" id="${endpoint.anchor}">
  <h3>${endpoint.title}</h3>
  <p><code>${endpoint.method.upper()} ${endpoint.path}</code>
  % if endpoint.method == "get":
    <a href="${example}">Try it: ${example}</a>
  % endif
  </p>
  ${prose(blocks_of(endpoint))}
  % if endpoint.in_query:
  <div class="scroll"><table>
    <thead><tr><th scope="col">Parameter</th><th scope="col">Takes</th><th scope="col">Meaning</th></tr></thead>
    <tbody>
    % for parameter in endpoint.in_query:
      <tr><th scope="row"><code>${parameter.name}</code></th><td>${values_of(parameter)}</td><td>${parameter.meaning}</td></tr>
    % endfor
    </tbody>
  </table></div>
  % endif
  % if endpoint.method == "get" and endpoint.in_query:
  <details><summary>Try it with parameters</summary>
    <form class="trial" action="${request.script_name}${endpoint.example_path}" method="get">
      % for parameter in endpoint.in_query:
      <label for="${endpoint.anchor}-${parameter.name}">${parameter.name}</label>
      % if "enum" in parameter.schema:
      <select id="${endpoint.anchor}-${parameter.name}" name="${parameter.name}">
        <option value="">default</option>
        % for word in parameter.schema["enum"]:
        <option>${word}</option>
        % endfor
      </select>
      % else:
      <input id="${endpoint.anchor}-${parameter.name}" name="${parameter.name}" placeholder="${parameter.example}" autocomplete="off">
      % endif
      % endfor
      <button type="submit">Send request</button>
    </form>
  </details>
  % endif
  % if fields:
  <details><summary>Response</summary>${members(fields)}</details>
  % endif
  % if endpoint.problems:
  <p>Errors:
    % for name in endpoint.problems:
    <a href="#problem-${name}">${name}</a>
    % endfor
  </p>
  % endif
</section>
</%def>

<h1>JSON API</h1>
<p>The JSON API returns the values on the pages, each with its time and upstream.  It is public, needs no keys, and can be read from
  any site.  This page is also available as an <a href="${request.route_path('api.openapi')}">OpenAPI 3.1 document</a>.</p>
<nav class="contents" aria-label="On this page">
  <ul>
    <li><a href="#answers">Responses</a></li>
    <li><a href="#states">States</a></li>
    <li><a href="#lists">Lists</a></li>
    <li><a href="#caching">Caching</a></li>
    <li><a href="#following">Change feed</a></li>
    <li><a href="#limits">Limits</a></li>
    % for group, endpoints in groups.items():
    <li>${group}:
      % for endpoint in endpoints:
      <a href="#${endpoint.anchor}">${endpoint.path}</a>
      % endfor
    </li>
    % endfor
    <li><a href="#parts">Types</a></li>
    <li><a href="#errors">Errors</a></li>
  </ul>
</nav>

<section class="panel" id="answers">
  <h2>Responses</h2>
  <p>The response of a query has its <code>value</code>, the call (<code>package</code>, <code>query</code>, <code>release</code>), its
    <code>state</code>, its <code>stamp</code> (time and duration of the fetch, upstream, message), <code>because</code> (the cause of
    an invalidation) and its <code>problem</code>, if any.  Times are seconds since 1970, UTC.  Responses can get new members at any
    time; existing ones keep their meaning.</p>
</section>

<section class="panel" id="states">
  <h2>States</h2>
  <dl>
  % for state, meaning in states.items():
    <dt><code>${state}</code></dt><dd>${meaning}.</dd>
  % endfor
  </dl>
  <p>An old value returns status 200 too; its state tells that it is old.</p>
</section>

<section class="panel" id="lists">
  <h2>Lists</h2>
  <p>Without parameters the response has the whole list.  <code>page</code>, <code>size</code> and filters select rows.  The response
    then has <code>list</code> with the number of rows and the URLs of the previous and next page.  In a filtered list,
    <code>total</code> counts the matching rows and <code>list.whole</code> all rows.  A page after the last one is empty, not an
    error, because lists can become shorter.</p>
</section>

<section class="panel" id="caching">
  <h2>Caching</h2>
  <p>Every response has an <code>ETag</code> over its whole body.  Send it as <code>If-None-Match</code>: an unchanged response returns
    304 without a body.</p>
  <pre>curl -i -H 'If-None-Match: "..."' ${example}/api/v1/packages/guake/builds</pre>
</section>

<section class="panel" id="following">
  <h2>Change feed</h2>
  <p>To mirror many packages, get a cursor from <code>changes</code>, fetch the values, then poll:</p>
  <ol>
    <li>Get <a href="${request.route_path('api.changes')}">/api/v1/changes</a> and keep its <code>cursor</code>.</li>
    <li>Fetch the values.</li>
    <li>Every few seconds or minutes get <code>/api/v1/changes?since=CURSOR</code>, fetch the values that it lists, and keep its cursor.
      While <code>more</code> is true, continue at once.</li>
    <li>On <a href="#problem-cursor-gone">410</a> start again.</li>
  </ol>
  <p>A value and its change are written together: a value that is fetched after its change is that value or a newer one.  The feed
    keeps about ${kept} changes.</p>
</section>

<section class="panel" id="limits">
  <h2>Limits</h2>
  <ul>
    <li>${most_names} names in a request, ${most_rows} rows on a page, ${most_changes} changes in a response.</li>
    <li>Long lists are cut; their documentation has the maximum, their value the total.</li>
    <li>Checks: ${request.checks.per_client} per minute and client, ${request.checks.per_package} per minute and package.</li>
    <li>Live lookups of the search: ${request.live_lookups.per_client} per minute and client, ${request.live_lookups.per_minute} per minute for all
      clients.</li>
    <li>A value that is not known yet returns 503 with <code>Retry-After: ${cool_down}</code>.</li>
  </ul>
</section>

% for group, endpoints in groups.items():
<h2>${group}</h2>
% for endpoint in endpoints:
${described(endpoint, request.script_name + endpoint.example_path + endpoint.example, fields_of(endpoint))}
% endfor
% endfor

<h2 id="parts">Types</h2>
% for name, fields in components.items():
<section class="panel" id="part-${name}">
  <h3>${name}</h3>
  ${members(fields)}
</section>
% endfor

<section class="panel" id="errors">
  <h2>Errors</h2>
  <p>An error is a problem (RFC 9457, <code>application/problem+json</code>): <code>type</code> is the URL of one of these,
    <code>title</code> its name, <code>status</code> the status code, and <code>detail</code> the error with the allowed values.</p>
  <pre>{"type": "${example}/api#problem-unknown-package", "title": "Unknown package", "status": 404,
 "detail": "Package 'nope' does not exist."}</pre>
  <dl>
  % for name, problem in problems.items():
    <dt id="problem-${name}">${problem.status} ${problem.title} <code>${name}</code></dt><dd>${problem.meaning}</dd>
  % endfor
  </dl>
</section>
