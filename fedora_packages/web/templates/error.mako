## An error.
<%inherit file="layout.mako"/>
<%block name="page_title">${title} - Fedora Packages</%block>
<%block name="searched">${term}</%block>
<h1>${title}</h1>
<p>${detail}</p>
% if hits:
<h2>Similar packages</h2>
<%include file="hits.mako" args="hits=hits"/>
% endif
% if term:
<p><a href="${request.route_path('search', _query={'search': term})}">Search for ${term}</a></p>
% endif
<p><a href="${request.route_path('home')}">Start page</a></p>
