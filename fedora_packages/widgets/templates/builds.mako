## The cached builds.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
% for control in controls:
${parts.filter_control(control)}
% endfor
% if not is_release_known:
<p class="unknown">The releases are currently unknown, so builds for ${release} cannot be shown.</p>
% else:
% if builds:
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-builds">
<table class="stacked">
  <thead>
    <tr><th scope="col">Build</th><th scope="col">State</th><th scope="col">Owner</th><th scope="col">Started</th>
      <th scope="col">Duration</th><th scope="col">Update</th></tr>
  </thead>
  <tbody>
  % for build in builds:
    <tr>
      <th scope="row"><a href="${links.build(build['build_id'])}" rel="external">${build["nvr"]}</a>\
      % if build["other_type"]:
 <span class="mark aside">${build["other_type"]}</span>\
      % endif
</th>
      <td class="short" data-label="State">${parts.state(build["state"])}
      % if build["task_id"] is not None:
        <a href="${links.task(build['task_id'])}" rel="external">task</a>
      % endif
      </td>
      <td data-label="Owner">
      % if build["owner"]:
        <a href="${links.builder(build['owner'])}" rel="external">${build["owner"]}</a>
      % endif
      </td>
      <td data-label="Started">
      % if build["started"] is not None:
        ${parts.when(build["started"])}
      % endif
      </td>
      <td data-label="Duration">
      % if build["duration"] is not None:
        ${format_duration(build["duration"])}
      % endif
      </td>
      <td>
      % if build["update"]:
        <a href="${links.update(build['update']['alias'])}" rel="external">${build["update"]["alias"]}</a>
        ${parts.state(build["update"]["status"])}
      % elif build["is_update_known"]:
        <span class="none">none</span>
      % else:
        <span class="unknown">unknown</span>
      % endif
      </td>
    </tr>
  % endfor
  </tbody>
</table>
</div>
% elif unfiltered_url and not pagination.is_beyond:
<p>No builds match these filters. <a href="${unfiltered_url}">Clear filters</a></p>
% elif not pagination.is_beyond:
<p>Koji has no builds of this package.</p>
% endif
${parts.pager(pagination)}
% if total > cached:
<p>Showing the newest ${cached} of ${total}. <a href="${links.builds(package.source)}" rel="external">All builds in Koji</a></p>
% endif
% endif
