## A tab of a package's page.
<%inherit file="layout.mako"/>
<%block name="page_title">${package.name}: ${tab.title.lower()} - Fedora Packages</%block>
<%block name="about">
  <link rel="canonical" href="${canonical_url}">
  <link rel="alternate" type="application/json" href="${request.route_url('api.package', package=package.name)}">
  <meta name="description" content="${package.name}: ${package.document.summary}">
  % if not is_whole:
  <meta name="robots" content="noindex, follow">
  % endif
</%block>
<header class="package">
  <h1>${package.name}</h1>
  % if is_binary:
  <p>Binary package of <a href="${request.route_path('package', package=package.source)}">${package.source}</a>:
    builds, updates, bugs and sources belong to the source package.</p>
  % else:
  <p>Source package\
    % if package.document.releases:
 in ${", ".join(package.document.releases)}\
    % endif
</p>
  % endif
  % if package.is_retired:
  <p class="notice">Retired: no active release has this package.</p>
  % endif
  <nav class="tabs" aria-label="About ${package.name}">
    <ul>
      % for link in tabs:
      <li><a href="${link.path}"
      % if link.tab is tab:
        aria-current="page"
      % endif
      >${link.tab.title}\
      % if link.count:
 <span class="count">${link.count}</span>\
      % endif
</a></li>
      % endfor
    </ul>
  </nav>
</header>
<%block name="outcome"/>
<div class="panels panels-${tab.name}">
% for panel in panels:
## Markup of panel.mako, which has escaped it.
${panel | n}
% endfor
</div>
