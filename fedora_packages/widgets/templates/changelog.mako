## The changelog of a release.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
% if not is_found:
<p>${release} has no binary package ${binary}. Choose another release.</p>
% else:
<ol class="changelog">
  % for entry in entries:
  <li>
    <h3>${parts.date(entry["date"])} ${entry["author"]}\
    % if entry["build"]:
 <a class="evr" href="${entry['build']}" rel="external">${entry["evr"]}</a>\
    % elif entry["evr"]:
 <span class="evr">${entry["evr"]}</span>\
    % endif
</h3>
    <pre>\
% for text, url in linkify(entry["text"]):
% if url:
<a href="${url}" rel="external">${text}</a>\
% else:
${text}\
% endif
% endfor
</pre>
  </li>
  % endfor
</ol>
% if not pagination.total:
<p>The changelog is empty.</p>
% endif
${parts.pager(pagination)}
% endif
