## The open bugs.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
% for choice in switches:
${parts.switch(choice)}
% endfor
% if kept:
<p>Open bugs: ${total}\
  % if slice.total < kept:
; with these filters: ${slice.total}\
  % endif
.</p>
<p class="why">In the order of their status, then of the release, the newest first.</p>
% endif
% if slice.rows:
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-bugs">
<table class="stacked">
  <thead>
    <tr><th scope="col">Bug</th><th scope="col">Status</th><th scope="col">Summary</th><th scope="col">Severity</th>
      <th scope="col">Release</th><th scope="col">Changed</th></tr>
  </thead>
  <tbody>
  % for bug in slice.rows:
    <tr>
      <th scope="row"><a href="${links.bug(bug['id'])}" rel="external">${bug["id"]}</a></th>
      <td data-label="Status">${parts.state(bug["status"])}</td>
      <td>
      % for mark in bug["marks"]:
        <span class="mark">${mark}</span>
      % endfor
        ${bug["summary"]}
      % for word in bug["labels"]:
        <span class="mark aside">${word}</span>
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
        <span class="unknown">not known</span>
      % endif
      </td>
    </tr>
  % endfor
  </tbody>
</table>
</div>
% elif kept and not slice.is_beyond:
<p>No such bugs are open.</p>
% elif not slice.is_beyond:
<p>No bugs are open.</p>
% endif
${parts.pager(slice)}
% if same_in_bugzilla:
<p><a href="${same_in_bugzilla}" rel="external">The same list in bugzilla</a></p>
% endif
% if total > kept:
<p>Only the newest ${kept} are kept and looked through here; bugzilla has all of them.</p>
% endif
