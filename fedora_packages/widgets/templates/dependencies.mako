## What a binary package requires, provides and so on.
<%namespace name="parts" file="fedora_packages:templates/parts.mako"/>
% if not is_found:
<p>${release} has no binary package ${binary}.</p>
% elif not lists:
<p>${binary} has no relations in ${release}.</p>
% endif
% for relation in lists:
<section>
  <h3>${relation["kind"].capitalize()} <span class="count">${relation["total"]}</span></h3>
  <ul class="relations">
    % for row in relation["rows"]:
    <li>\
    % if row["is_package"]:
<a href="${request.route_path('package', package=row['name'])}">${row["name"]}</a>\
    % else:
<span class="capability">${row["name"]}</span>\
    % endif
 ${row["operator"]} ${row["version"]}</li>
    % endfor
  </ul>
  % if relation["address"]:
  <p><a href="${relation['address']}">All ${relation["total"]}</a></p>
  % endif
</section>
% endfor
% if slice:
${parts.pager(slice)}
% endif
