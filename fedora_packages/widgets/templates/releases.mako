## What each active release has.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-releases">
<table class="stacked">
  <thead>
    <tr><th scope="col">Release</th><th scope="col">Stable</th><th scope="col">Testing</th><th scope="col">Other updates under way</th></tr>
  </thead>
  <tbody>
  % for row in rows:
    <tr>
      <th scope="row">${row["release"]["title"]} <span class="branch">${row["release"]["branch"]}</span>\
      % if row["state"]:
 <span class="state state-pending">${row["state"]}</span>\
      % endif
</th>
      <td data-label="Stable">${build(row["stable"])}
      % if row["is_retired"]:
        <span class="mark">retired</span>
      % endif
      % if row["reason"]:
        <span class="gives">${row["reason"]}</span>
      % endif
      </td>
      % if not row["release"]["testing_tag"]:
      <td></td>
      % else:
      <td data-label="Testing">${build(row["testing"])}
      % if row["testing"]["update"]:
        karma ${row["testing"]["update"]["karma"]}
      % elif row["testing"]["build"] and not are_updates_known:
        <span class="unknown">update not known</span>
      % endif
      </td>
      % endif
      % if not are_updates_known:
      <td data-label="Under way"><span class="unknown">not known</span></td>
      % elif row["coming"]:
      <td data-label="Under way">
        % for update in row["coming"]:
        <a href="${links.update(update['alias'])}" rel="external" title="${update['alias']}">${update["what"]}</a> ${parts.state(update["status"])}
        % endfor
        % if row["more_coming"]:
        and ${row["more_coming"]} more
        % endif
      </td>
      % else:
      <td></td>
      % endif
    </tr>
  % endfor
  </tbody>
</table>
</div>
<p><a href="${request.route_path('tab', package=package.name, tab='updates')}">All updates</a>\
% if in_testing:
, ${in_testing} in testing\
% endif
</p>
<%def name="build(under)">\
% if not under["is_known"]:
<span class="unknown">not known</span>\
% elif under["build"]:
<a href="${links.build(under['build']['build_id'])}" rel="external" title="${under['build']['nvr']} in koji">${evr(under["build"])}</a>\
% if under["update"]:
 <a class="update" href="${links.update(under['update']['alias'])}" rel="external" title="${under['update']['alias']}">update</a>\
% endif
% else:
<span class="none">none</span>\
% endif
</%def>
