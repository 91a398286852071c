## The open bugs.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
% for control in controls:
${parts.filter_control(control)}
% endfor
% if cached:
<p>${total} open ${"bug" if total == 1 else "bugs"}\
  % if pagination.total < cached:
, ${pagination.total} with these filters\
  % endif
.</p>
% endif
% if bugs:
<p class="why">Sorted by status and release, newest first.</p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-bugs">
<table class="stacked">
  <thead>
    <tr><th scope="col">Bug</th><th scope="col">Status</th><th scope="col">Summary</th><th scope="col">Severity</th>
      <th scope="col">Release</th><th scope="col">Changed</th></tr>
  </thead>
  <tbody>
  % for bug in bugs:
    <tr>
      <th scope="row"><a href="${links.bug(bug['id'])}" rel="external">${bug["id"]}</a></th>
      <td data-label="Status">${parts.state(bug["status"])}</td>
      <td>
      % for flag in bug["marks"]:
        <span class="mark">${flag}</span>
      % endfor
        ${bug["summary"]}
      % for label in bug["labels"]:
        <span class="mark aside">${label}</span>
      % endfor
      % if bug["blocks"]:
        <span class="aside">blocks
        % for number in bug["blocks"]:
          <a href="${links.bug(number)}" rel="external">${number}</a>
        % endfor
        % if bug["more_blocked"]:
          and ${bug["more_blocked"]} more
        % endif
        </span>
      % endif
      </td>
      <td data-label="Severity">${bug["severity"] or ""}</td>
      <td data-label="Release">${bug["product"]} ${bug["version"]}</td>
      <td data-label="Changed">
      % if bug["changed"] is not None:
        ${parts.when(bug["changed"])}
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
<p>No bugs match these filters. <a href="${unfiltered_url}">Clear filters</a></p>
% elif not pagination.is_beyond:
<p>No open bugs. <a href="${links.bugs(package.source)}" rel="external">Bugzilla</a></p>
% endif
${parts.pager(pagination)}
% if same_in_bugzilla:
<p><a href="${same_in_bugzilla}" rel="external">The same list in Bugzilla</a></p>
% endif
% if total > cached:
<p>Showing the newest ${cached}. <a href="${links.bugs(package.source)}" rel="external">All bugs in Bugzilla</a></p>
% endif
