## What cannot be answered.
<%inherit file="layout.mako"/>
<%block name="page_title">${title} - Fedora Packages</%block>
<%block name="searched">${word}</%block>
<h1>${title}</h1>
<p>${detail}</p>
% if hits:
<h2>Packages that are close to it</h2>
<%include file="hits.mako" args="hits=hits"/>
% endif
% if word:
<p><a href="${request.route_path('search', _query={'search': word})}">Search for ${word}</a></p>
% endif
<p><a href="${request.route_path('home')}">Start page</a></p>
