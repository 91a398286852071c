## The source archives and patches on a branch.
% if archives:
<h3>Archives</h3>
<dl class="archives">
  % for tag, text, url in archives:
  <dt>${tag}</dt>
  <dd>\
  % if url:
<a href="${url}" rel="external nofollow">${text}</a>\
  % else:
${text}\
  % endif
</dd>
  % endfor
</dl>
% elif archives is None:
<p class="unknown">The archives are currently unknown.</p>
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
      <th scope="row"><a href="${links.source_file(package.source, release, patch['name'])}" rel="external">${patch["name"]}</a></th>
      % if patch["found"]:
      <td class="number">${patch["files"]}</td>
      <td class="number added">+${patch["added"]}</td>
      <td class="number removed">−${patch["removed"]}</td>
      % else:
      <td colspan="3">file not found</td>
      % endif
    </tr>
  % endfor
  </tbody>
</table>
</div>
% elif is_found and is_complete:
<p>The spec file on ${release} has no patches.</p>
% elif not is_found:
<p>${release} has no spec file. Choose another release.</p>
% endif
% if not is_complete:
<p class="why">The spec file is too large or too complex and could not be read in full. It may name more archives and patches.</p>
% endif
