## The updates that are kept.
<%namespace name="parts" file="fedora_packages:templates/parts.mako"/>
${parts.switch(releases)}
% if slice is None:
<p class="unknown">Which release ${release} is, is not known at the moment.</p>
% else:
% if slice.rows:
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-updates">
<table>
  <thead>
    <tr><th scope="col">Update</th><th scope="col">Release</th><th scope="col">Status</th><th scope="col">Type</th>
      <th scope="col">Karma</th><th scope="col">Builds</th><th scope="col">Bugs</th><th scope="col">Submitted</th></tr>
  </thead>
  <tbody>
  % for update in slice.rows:
    <tr>
      <th scope="row"><a href="${links.update(update['alias'])}" rel="external">${update["alias"]}</a></th>
      <td>${update["release"] or ""}</td>
      <td>${parts.state(update["status"])}
      % if update["request"]:
        to ${update["request"]}
      % endif
      </td>
      <td>${update["type"]}</td>
      <td class="number">${update["karma"]}</td>
      <td>
        <ul class="plain">
        % for nvr in update["builds_shown"]:
          <li>${nvr}</li>
        % endfor
        % if update["more_builds"]:
          <li>and ${update["more_builds"]} more</li>
        % endif
        </ul>
      </td>
      <td>
      % for bug in update["bugs_shown"]:
        <a href="${links.bug(bug['id'])}" rel="external" title="${bug['title'] or ''}">${bug["id"]}</a>
      % endfor
      </td>
      <td>
      % if update["submitted"] is not None:
        ${parts.when(update["submitted"])}
      % endif
      % if update["submitter"]:
        by ${update["submitter"]}
      % endif
      </td>
    </tr>
  % endfor
  </tbody>
</table>
</div>
% elif not slice.is_beyond:
<p>There are no such updates.</p>
% endif
${parts.pager(slice)}
% if total > kept:
<p>These are the newest ${kept} of ${total} updates.</p>
% endif
% endif
