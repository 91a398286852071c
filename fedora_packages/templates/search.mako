## The search page; without a term the start page.
<%inherit file="layout.mako"/>
<%namespace name="parts" file="parts.mako"/>
<%block name="page_title">\
% if term:
${term} - search - \
% endif
Fedora Packages\
</%block>
<%block name="about">
  % if term:
  <meta name="robots" content="noindex, follow">
  % endif
</%block>
<%block name="searched">${term}</%block>
% if slice is None:
<h1>Packages in Fedora</h1>
<p>Search for a package by its name, by that of a binary package, or by words of its description.  Each package has one page:
  its builds, updates, bugs, files, changelog, dependencies and sources, as they are now.</p>
% else:
<h1>Packages for “${term}”</h1>
% if identified:
<%include file="identified.mako" args="found=identified"/>
% endif
<p>
% if slice.total == 1:
1 package found.
% elif slice.total:
${slice.total} packages found.
% elif identified:
Read as words it finds no package.
% else:
Nothing was found.  Names are found by their beginnings and parts, descriptions by whole words.
% endif
% if corrected:
  Nothing has “${term}”: these are for <a href="${request.route_path('search', _query={'search': corrected})}">${corrected}</a>.
% endif
</p>
<%include file="hits.mako" args="hits=slice.rows, start=start"/>
${parts.pager(slice)}
% endif
