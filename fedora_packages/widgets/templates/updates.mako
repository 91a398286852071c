## The cached updates.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
% for control in controls:
${parts.filter_control(control)}
% endfor
% if not is_release_known:
<p class="unknown">The releases are currently unknown, so updates for ${release} cannot be shown.</p>
% else:
% if updates:
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-updates">
<table class="stacked">
  <thead>
    <tr><th scope="col">Update</th><th scope="col">Release</th><th scope="col">Status</th><th scope="col">Type, severity</th>
      <th scope="col" class="number">Karma</th><th scope="col">Builds and bugs</th><th scope="col">Submitted</th></tr>
  </thead>
  <tbody>
  % for update in updates:
    <tr>
      <th scope="row"><a href="${links.update(update['alias'])}" rel="external">${update["alias"]}</a>
      % if update["critpath"]:
        <span class="mark aside">critical path</span>
      % endif
      </th>
      <td data-label="Release">${update["release_label"]}</td>
      <td data-label="Status">${parts.state(update["status"])}\
      % if update["since"] is not None:
 since ${parts.when(update["since"])}\
      % endif
      % if update["days"]:
, after ${update["days"]} in testing\
      % endif
      % if update["request"]:
, request: ${update["request"]}\
      % endif
      % if update["held_by"]:
, gating: ${update["held_by"]}\
      % endif
</td>
      <td data-label="Type">
      % if update["is_security"]:
        <span class="mark">security</span>
      % else:
        ${update["type"]}
      % endif
        ${update["severity"] or ""}
      </td>
      <td data-label="Karma" class="number">${update["karma"]}</td>
      <td>
        <ul class="plain">
        % for nvr in update["builds_shown"]:
          <li><a href="${links.build_of(nvr)}" rel="external">${nvr}</a></li>
        % endfor
        % if update["more_builds"]:
          <li>and ${update["more_builds"]} more</li>
        % endif
        </ul>
        % if update["bugs_shown"]:
        <ul class="fixed">
        % for bug in update["bugs_shown"]:
          <li><a href="${links.bug(bug['id'])}" rel="external">${bug["id"]}</a>
          % if bug["security"]:
            <span class="mark">security</span>
          % endif
            ${bug["title"] or ""}</li>
        % endfor
        % if update["more_bugs"]:
          <li>and ${update["more_bugs"]} more</li>
        % endif
        </ul>
        % endif
      </td>
      <td data-label="Submitted">
      % if update["submitted"] is not None:
        ${parts.when(update["submitted"])}
      % endif
      % if update["submitter"]:
        by <a href="${links.submitter(update['submitter'])}" rel="external">${update["submitter"]}</a>
      % endif
      </td>
    </tr>
  % endfor
  </tbody>
</table>
</div>
% elif unfiltered_url and not pagination.is_beyond:
<p>No updates match these filters. <a href="${unfiltered_url}">Clear filters</a></p>
% elif not pagination.is_beyond:
<p>Bodhi has no updates of this package.</p>
% endif
${parts.pager(pagination)}
% if same_in_bodhi:
<p><a href="${same_in_bodhi}" rel="external">The same list in Bodhi</a></p>
% endif
% if total > cached:
<p>Showing the newest ${cached} of ${total}. <a href="${links.updates(package.source)}" rel="external">All updates in Bodhi</a></p>
% endif
% endif
