## What each active release has.
<%namespace name="parts" file="fedora_packages:templates/parts.mako"/>
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-releases">
<table>
  <thead>
    <tr><th scope="col">Release</th><th scope="col">Stable</th><th scope="col">Testing</th><th scope="col">Other updates under way</th></tr>
  </thead>
  <tbody>
  % for row in rows:
    <tr>
      <th scope="row">${row["release"]["title"]} <span class="branch">${row["release"]["branch"]}</span></th>
      <td>${build(row["stable"])}</td>
      <td>${build(row["testing"])}
      % if row["testing_update"]:
        <a href="${links.update(row['testing_update']['alias'])}" rel="external">update</a>, karma ${row["testing_update"]["karma"]}
      % elif row["testing"]["build"] and not are_updates_known:
        <span class="unknown">update not known</span>
      % endif
      </td>
      <td>
      % if not are_updates_known:
        <span class="unknown">not known</span>
      % else:
        % for update in row["coming"]:
        <a href="${links.update(update['alias'])}" rel="external">${update["alias"]}</a> ${parts.state(update["status"])}
        % endfor
      % endif
      </td>
    </tr>
  % endfor
  </tbody>
</table>
</div>
<%def name="build(under)">\
% if not under["is_known"]:
<span class="unknown">not known</span>\
% elif under["build"]:
<a href="${links.build(under['build']['build_id'])}" rel="external">${evr(under["build"])}</a>\
% else:
<span class="none">none</span>\
% endif
</%def>
