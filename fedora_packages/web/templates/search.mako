## The search page, and the start page.
<%inherit file="layout.mako"/>
<%namespace name="parts" file="parts.mako"/>
<%block name="page_title">\
% if term:
${heading} - search - \
% elif not is_start:
Search - \
% endif
Fedora Packages\
</%block>
<%block name="about">
  % if not is_start:
  <meta name="robots" content="noindex, follow">
  % endif
</%block>
<%block name="searched">${term}</%block>
% if pagination is None:
% if is_start:
<h1>Packages in Fedora</h1>
<p>Each package of Fedora and EPEL has one page with its builds, updates, bugs, files, changelog, dependencies and sources.  Pages
  are updated within seconds of a change, and show the time of their data.</p>
% else:
<h1>Search</h1>
<p>Enter a package name or keywords in the search field.</p>
% endif
<h2>Examples</h2>
<dl class="examples">
  % for label, texts, forms in examples:
  <dt>${label}</dt>
  <dd>\
    % for text in texts:
    <a href="${request.route_path('search', _query={'search': text})}">${text}</a>\
    % endfor
    % for form in forms:
    <code>${form}</code>\
    % endfor
  </dd>
  % endfor
</dl>
<p>See also the <a href="${request.route_path('api')}">JSON API</a> and the <a href="${request.route_path('status')}">status</a> of this
  site.</p>
% else:
% if match or pagination.total:
<h1>Packages for “${heading}”</h1>
% else:
<h1>No packages match “${heading}”</h1>
% endif
% if match:
<%include file="match.mako" args="match=match"/>
% endif
% if not match or found.corrected:
<p>
% if found.corrected:
No results for “${heading}”.  Showing results for “<a href="${request.route_path('search', _query={'search': found.corrected})}">${found.corrected}</a>”.
% endif
% if pagination.total == 1:
1 package found.
% elif pagination.total:
${pagination.total} packages found.
% else:
Check the spelling, or use fewer words.
% endif
% if found.suggestion and not found.corrected:
  Did you mean <a href="${request.route_path('search', _query={'search': found.suggestion})}">${found.suggestion}</a>?
% endif
% if not found.has_all:
  No package matches all words.  Showing packages that match some of them.
% endif
</p>
% endif
<%include file="hits.mako" args="hits=pagination.rows, start=start"/>
${parts.pager(pagination)}
% endif
