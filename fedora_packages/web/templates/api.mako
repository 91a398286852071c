## What programs can read, for those who write them; made from the same data as the OpenAPI document.
<%inherit file="layout.mako"/>
<%block name="page_title">JSON API - Fedora Packages</%block>

<%def name="prose(blocks)">
% for is_code, text in blocks:
% if is_code:
<pre>${text}</pre>
% else:
<p>${told(text)}</p>
% endif
% endfor
</%def>

## A text with words of code in it.
<%def name="told(text)">\
% for is_code, part in spans(text):
% if is_code:
<code>${part}</code>\
% else:
${part}\
% endif
% endfor
</%def>

## A type, with the way to what it is made of.
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

<%def name="described(found)">
<section class="panel" id="${found.anchor}">
  <h3>${found.address.title}</h3>
  <p><code>${found.address.method.upper()} ${found.path}</code>
  % if found.try_path:
    <a href="${found.try_path}">Try it: ${found.try_path}</a>
  % endif
  </p>
  ${prose(found.blocks)}
  % if found.address.in_query:
  <div class="scroll"><table>
    <thead><tr><th scope="col">Parameter</th><th scope="col">Takes</th><th scope="col">Meaning</th></tr></thead>
    <tbody>
    % for parameter in found.address.in_query:
      <tr><th scope="row"><code>${parameter.name}</code></th><td>${values_of(parameter)}</td><td>${parameter.meaning}</td></tr>
    % endfor
    </tbody>
  </table></div>
  % endif
  % if found.form_path:
  <details><summary>Try with parameters</summary>
    <form class="trial" action="${found.form_path}" method="get">
      % for parameter in found.address.in_query:
      <label for="${found.anchor}-${parameter.name}">${parameter.name}</label>
      % if "enum" in parameter.schema:
      <select id="${found.anchor}-${parameter.name}" name="${parameter.name}">
        <option value="">not given</option>
        % for word in parameter.schema["enum"]:
        <option>${word}</option>
        % endfor
      </select>
      % else:
      <input id="${found.anchor}-${parameter.name}" name="${parameter.name}" placeholder="${parameter.example}" autocomplete="off">
      % endif
      % endfor
      <button type="submit">Ask</button>
    </form>
  </details>
  % endif
  % if found.fields:
  <details><summary>What it gives</summary>${members(found.fields)}</details>
  % endif
  % if found.address.problems:
  <p>Errors of its own:
    % for name in found.address.problems:
    <a href="#problem-${name}">${name}</a>
    % endfor
  </p>
  % endif
</section>
</%def>

<h1>JSON API</h1>
<p>What the pages show, for programs: the same values, with when and from where they are.  Anybody may read it, from any site; there are
  no keys.  Programs can read all of this as an <a href="${request.route_path('api.openapi')}">OpenAPI 3.1 document</a>.</p>
<nav class="contents" aria-label="On this page">
  <ul>
    <li><a href="#answers">Answers</a></li>
    <li><a href="#states">States</a></li>
    <li><a href="#lists">Lists</a></li>
    <li><a href="#caching">Asking again</a></li>
    <li><a href="#following">Following changes</a></li>
    <li><a href="#limits">Limits</a></li>
    % for group, addresses in groups.items():
    <li>${group}:
      % for found in addresses:
      <a href="#${found.anchor}">${found.path}</a>
      % endfor
    </li>
    % endfor
    <li><a href="#parts">What answers are made of</a></li>
    <li><a href="#errors">Errors</a></li>
  </ul>
</nav>

<section class="panel" id="answers">
  <h2>Answers</h2>
  <p>The answer of a query has its <code>value</code>, and what is to be known of it: whose it is (<code>package</code>,
    <code>query</code>, <code>release</code>), its <code>state</code>, its <code>stamp</code> (when it was fetched, how long that took,
    from which upstream, because of which message), <code>because</code> (what made it old, if it is), and its <code>problem</code>
    where something is wrong.  Times are seconds since 1970, UTC.  New members may be added at any time; none changes its meaning below
    this address.</p>
</section>

<section class="panel" id="states">
  <h2>States</h2>
  <dl>
  % for state, meaning in states.items():
    <dt><code>${state}</code></dt><dd>${meaning}.</dd>
  % endfor
  </dl>
  <p>A value is given however old it is, with status 200: the state says what to think of it.</p>
</section>

<section class="panel" id="lists">
  <h2>Lists</h2>
  <p>An address gives all of a list, unless it is asked for less: by <code>page</code> and <code>size</code>, and by what its rows can
    be filtered by.  The answer then has <code>list</code> too: how many rows there are, and the addresses of the pages before and after.
    Of a list that is filtered the <code>total</code> of the value is that of the rows that are left, and <code>list</code> has as
    <code>whole</code> what it is without filters.  A page after the last is empty and no error: lists become shorter.</p>
</section>

<section class="panel" id="caching">
  <h2>Asking again</h2>
  <p>Every answer has an <code>ETag</code> of all that is in it.  Send it as <code>If-None-Match</code>: while nothing is different the
    answer is 304, without a body.</p>
  <pre>curl -i -H 'If-None-Match: "..."' ${example}/api/v1/packages/guake/builds</pre>
</section>

<section class="panel" id="following">
  <h2>Following changes</h2>
  <p>Whoever keeps what many packages are like need not ask for each of them again and again:</p>
  <ol>
    <li>ask for <a href="${request.route_path('api.changes')}">/api/v1/changes</a> and keep its <code>cursor</code>;</li>
    <li>read what you keep;</li>
    <li>every few seconds, or minutes, ask for <code>/api/v1/changes?since=CURSOR</code>, read anew what it names, and keep the cursor
      of that answer; while <code>more</code> is true, at once again;</li>
    <li>on <a href="#problem-cursor-gone">410</a> begin again.</li>
  </ol>
  <p>A change is told in the step that makes it: what is read after it is that value or a newer one.  About ${kept} changes are
    kept.</p>
</section>

<section class="panel" id="limits">
  <h2>Limits</h2>
  <ul>
    <li>${most_names} names at once, ${most_rows} rows on a page, ${most_changes} changes in an answer.</li>
    <li>Lists are as long as the service keeps them; each says how long that is, and its value how many there are in all.</li>
    <li>Checks: ${allowed.checks_per_client} a minute for one client, ${checks_per_package} a minute of one package.</li>
    <li>What a search is asked to identify: ${allowed.lookups_per_client} questions to upstreams a minute for one client,
      ${lookups_per_minute} for all.</li>
    <li>Where no value is known yet, the answer is 503 with <code>Retry-After</code>, ${cool_down} seconds.</li>
  </ul>
</section>

% for group, addresses in groups.items():
<h2>${group}</h2>
% for found in addresses:
${described(found)}
% endfor
% endfor

<h2 id="parts">What answers are made of</h2>
% for name, fields in components.items():
<section class="panel" id="part-${name}">
  <h3>${name}</h3>
  ${members(fields)}
</section>
% endfor

<section class="panel" id="errors">
  <h2>Errors</h2>
  <p>An error is a problem (RFC 9457, <code>application/problem+json</code>): <code>type</code> leads to one of these, <code>title</code>
    is its name, <code>status</code> its status, and <code>detail</code> says what was wrong and what is allowed.</p>
  <pre>{"type": "${example}/api#problem-unknown-package", "title": "Unknown package", "status": 404,
 "detail": "There is no package called 'nope'."}</pre>
  <dl>
  % for problem in problems:
    <dt id="problem-${problem.name}">${problem.status} ${problem.title} <code>${problem.name}</code></dt><dd>${problem.meaning}</dd>
  % endfor
  </dl>
</section>
