## A tab of a package's page.
<%inherit file="layout.mako"/>
<%block name="page_title">${package.name}: ${tab.title.lower()} - Fedora Packages</%block>
<header class="package">
  <h1>${package.name}</h1>
  % if is_binary:
  <p>Binary package of <a href="${request.route_path('package', package=package.source)}">${package.source}</a>:
    builds, updates, bugs and sources are the source package's.</p>
  % else:
  <p>Source package</p>
  % endif
  % if package.is_retired:
  <p class="notice">Retired: no active release has this package any more.</p>
  % endif
  <nav class="tabs" aria-label="About ${package.name}">
    <ul>
      % for title, address, is_current in tabs:
      <li><a href="${address}"
      % if is_current:
        aria-current="page"
      % endif
      >${title}</a></li>
      % endfor
    </ul>
  </nav>
</header>
<%block name="outcome"/>
% for panel in panels:
## Markup that panel.mako has made, and escaped.
${panel | n}
% endfor
