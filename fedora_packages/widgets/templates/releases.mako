## The builds and updates of each active release.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-releases">
<table class="stacked">
  <thead>
    <tr><th scope="col">Release</th><th scope="col">Stable</th><th scope="col">Testing</th><th scope="col">Other pending updates</th></tr>
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
        <span class="unknown">update unknown</span>
      % endif
      </td>
      % endif
      % if not are_updates_known:
      <td data-label="Pending"><span class="unknown">unknown</span></td>
      % elif row["pending"]:
      <td data-label="Pending">
        % for update in row["pending"]:
        <a href="${links.update(update['alias'])}" rel="external" title="${update['alias']}">${update["label"]}</a> ${parts.state(update["status"])}
        % endfor
        % if row["more_pending"]:
        and ${row["more_pending"]} more
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
<%def name="build(tagged)">\
% if not tagged["is_known"]:
<span class="unknown">unknown</span>\
% elif tagged["build"]:
<a href="${links.build(tagged['build']['build_id'])}" rel="external" title="${tagged['build']['nvr']} in Koji">${evr(tagged["build"])}</a>\
% if tagged["update"]:
 <a class="update" href="${links.update(tagged['update']['alias'])}" rel="external" title="${tagged['update']['alias']}">update</a>\
% endif
% if tagged["is_published"] is False:
 <span class="gives">built, not yet in the repository</span>\
% elif tagged["newer"]:
 <span class="gives">the repository has ${tagged["newer"]}</span>\
% endif
% else:
<span class="none">none</span>\
% endif
</%def>
