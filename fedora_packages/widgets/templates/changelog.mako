## The changelog of a release.
<%namespace name="parts" file="fedora_packages:templates/parts.mako"/>
% if slice is None:
<p>${release} has no binary package ${binary}.</p>
% else:
<ol class="changelog">
  % for entry in slice.rows:
  <li>
    <h3>${parts.date(entry["date"])} ${entry["author"]}\
    % if entry["evr"]:
 <span class="evr">${entry["evr"]}</span>\
    % endif
</h3>
    <pre>${entry["text"]}</pre>
  </li>
  % endfor
</ol>
% if not slice.total:
<p>The changelog is empty.</p>
% endif
${parts.pager(slice)}
% endif
