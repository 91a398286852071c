## The newest builds.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
% if builds:
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-latest">
<table class="stacked">
  <thead><tr><th scope="col">Build</th><th scope="col">State</th><th scope="col">Owner</th><th scope="col">Started</th></tr></thead>
  <tbody>
  % for build in builds:
    <tr>
      <th scope="row"><a href="${links.build(build['build_id'])}" rel="external">${build["nvr"]}</a></th>
      <td data-label="State">${parts.state(build["state"])}</td>
      <td data-label="Owner">${build["owner"] or "unknown"}</td>
      <td data-label="Started">
      % if build["started"] is not None:
        ${parts.when(build["started"])}
      % endif
      </td>
    </tr>
  % endfor
  </tbody>
</table>
</div>
<p><a href="${request.route_path('tab', package=package.name, tab='builds')}">All builds: ${total}</a></p>
% elif total:
<p>None of the newest builds is an RPM build.
<a href="${request.route_path('tab', package=package.name, tab='builds')}">All builds: ${total}</a></p>
% else:
<p>Koji has no builds of this package.</p>
% endif
