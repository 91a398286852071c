## The builds that are kept.
<%namespace name="parts" file="fedora_packages:templates/parts.mako"/>
% if slice.rows:
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-builds">
<table>
  <thead>
    <tr><th scope="col">Build</th><th scope="col">State</th><th scope="col">Owner</th><th scope="col">Started</th>
      <th scope="col">Finished</th></tr>
  </thead>
  <tbody>
  % for build in slice.rows:
    <tr>
      <th scope="row"><a href="${links.build(build['build_id'])}" rel="external">${build["nvr"]}</a></th>
      <td>${parts.state(build["state"])}</td>
      <td>${build["owner"] or ""}</td>
      <td>
      % if build["started"] is not None:
        ${parts.when(build["started"])}
      % endif
      </td>
      <td>
      % if build["finished"] is not None:
        ${parts.when(build["finished"])}
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
<p>These are the newest ${kept} of ${total} builds.</p>
% endif
