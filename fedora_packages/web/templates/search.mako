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
% if slice is None:
% if is_start:
<h1>Packages in Fedora</h1>
<p>Each package has one page: its builds, updates, bugs, files, changelog, dependencies and sources, as they are now, and how fresh
  each of these is.  All of Fedora and EPEL is here: every active release, source and binary packages, those that were retired
  too.</p>
% else:
<h1>Search</h1>
<p>The search field is empty: type a name into it, or words of what you look for.</p>
% endif
<h2>What can be searched for</h2>
<dl class="examples">
  % for what, texts, forms in examples:
  <dt>${what}</dt>
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
<p>Programs have the same in <a href="${request.route_path('api')}">JSON</a>; whether all of it is up to date says
  <a href="${request.route_path('status')}">Status</a>.</p>
% else:
<h1>Packages for “${heading}”</h1>
% if identified:
<%include file="identified.mako" args="found=identified"/>
% endif
% if not identified or corrected:
<p>
% if slice.total == 1:
1 package found.
% elif slice.total:
${slice.total} packages found.
% else:
Nothing was found.  Names are found by their beginnings and parts, descriptions by whole words.
% endif
% if corrected:
  Nothing has “${heading}”: these are for <a href="${request.route_path('search', _query={'search': corrected})}">${corrected}</a>.
% elif suggestion:
  Did you mean <a href="${request.route_path('search', _query={'search': suggestion})}">${suggestion}</a>?
% endif
% if not has_all:
  Nothing has all of these words: these have some.
% endif
</p>
% endif
<%include file="hits.mako" args="hits=slice.rows, start=start"/>
${parts.pager(slice)}
% endif
