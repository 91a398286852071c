## The open bugs.
<%namespace name="parts" file="fedora_packages:templates/parts.mako"/>
% if slice.rows:
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-bugs">
<table>
  <thead>
    <tr><th scope="col">Bug</th><th scope="col">Status</th><th scope="col">Summary</th><th scope="col">Release</th>
      <th scope="col">Changed</th></tr>
  </thead>
  <tbody>
  % for bug in slice.rows:
    <tr>
      <th scope="row"><a href="${links.bug(bug['id'])}" rel="external">${bug["id"]}</a></th>
      <td>${parts.state(bug["status"])}</td>
      <td>
      % if bug["security"]:
        <span class="mark">security</span>
      % endif
        ${bug["summary"]}
      % if bug["blocks"]:
        (blocks others)
      % endif
      </td>
      <td>${bug["product"]} ${bug["version"]}</td>
      <td>
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
% elif not slice.is_beyond:
<p>No bugs are open.</p>
% endif
${parts.pager(slice)}
% if total > kept:
<p>These are the newest ${kept} of ${total} bugs.</p>
% endif
