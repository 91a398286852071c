## The builds that are kept.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
% for choice in switches:
${parts.switch(choice)}
% endfor
% if slice is None:
<p class="unknown">Which release ${release} is, is not known at the moment.</p>
% else:
% if slice.rows:
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-builds">
<table class="stacked">
  <thead>
    <tr><th scope="col">Build</th><th scope="col">State</th><th scope="col">Owner</th><th scope="col">Started</th>
      <th scope="col">Took</th><th scope="col">Update</th></tr>
  </thead>
  <tbody>
  % for build in slice.rows:
    <tr>
      <th scope="row"><a href="${links.build(build['build_id'])}" rel="external">${build["nvr"]}</a></th>
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
      <td data-label="Took">
      % if build["took"] is not None:
        ${lasted(build["took"])}
      % endif
      </td>
      <td>
      % if build["update"]:
        <a href="${links.update(build['update']['alias'])}" rel="external">${build["update"]["alias"]}</a>
        ${parts.state(build["update"]["status"])}
      % elif build["is_update_known"]:
        <span class="none">none</span>
      % else:
        <span class="unknown">not known</span>
      % endif
      </td>
    </tr>
  % endfor
  </tbody>
</table>
</div>
% elif not slice.is_beyond:
<p>There are no such builds.</p>
% endif
${parts.pager(slice)}
% if total > kept:
<p>Koji knows of ${total} builds.  Only the newest ${kept} are kept and looked through here;
  <a href="${all_of_them}" rel="external">koji has all of them</a>.</p>
% endif
% endif
