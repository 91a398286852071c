## The files of a binary package.
<%namespace name="parts" file="fedora_packages:templates/parts.mako"/>
% if slice is None:
<p>${release} has no binary package ${binary}.</p>
% elif not kept:
<p>${binary} has no files in ${release} (${repository}).</p>
% else:
<p>${total} files of ${binary} in ${release} (${repository}).</p>
% for path, files in directories:
<section class="directory">
  <h3>${path}/</h3>
  <ul class="files">
    % for name, kind in files:
    <li>${name}\
      % if kind != "file":
 <span class="kind">${kind}</span>\
      % endif
</li>
    % endfor
  </ul>
</section>
% endfor
${parts.pager(slice)}
% if total > kept:
<p>The first ${kept} of ${total} files are listed.</p>
% endif
% endif
