## The source archives and patches of a branch.
% if archives:
<h3>Archives</h3>
<dl class="archives">
  % for tag, text, address in archives:
  <dt>${tag}</dt>
  <dd>\
  % if address:
<a href="${address}" rel="external nofollow">${text}</a>\
  % else:
${text}\
  % endif
</dd>
  % endfor
</dl>
% elif archives is None:
<p class="unknown">Which archives it is built from is not known at the moment.</p>
% endif
% if patches:
<h3>Patches</h3>
% endif
% if patches:
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-sources">
<table>
  <thead><tr><th scope="col">Patch</th><th scope="col" class="number">Files</th><th scope="col" class="number">Added</th><th scope="col" class="number">Removed</th></tr></thead>
  <tbody>
  % for patch in patches:
    <tr>
      <th scope="row"><a href="${links.source_file(source, branch, patch['name'])}" rel="external">${patch["name"]}</a></th>
      % if patch["found"]:
      <td class="number">${patch["files"]}</td>
      <td class="number added">+${patch["added"]}</td>
      <td class="number removed">−${patch["removed"]}</td>
      % else:
      <td colspan="3">no file of this name</td>
      % endif
    </tr>
  % endfor
  </tbody>
</table>
</div>
% elif is_found:
<p>The spec file on ${branch} names no patches.</p>
% else:
<p>There is no spec file on ${branch}.</p>
% endif
