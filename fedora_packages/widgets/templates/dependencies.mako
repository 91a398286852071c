## What a binary package requires, provides and so on.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
<%namespace name="related" file="related.mako"/>
% if not is_found:
<p>${release} has no binary package ${binary}.</p>
% elif is_other:
<p>There is no binary package ${package.name}: this is ${binary}, one of those that are built from it.</p>
% endif
<p><a href="${request.route_path('panel', package=package.name, tab='dependencies', panel='required_by', _query=page.parameters)}">What
  requires ${binary}</a></p>
% if is_found and not lists:
<p>${binary} has no relations in ${release}.</p>
% endif
% for relation in lists:
<section>
  <h3>${relation["kind"].capitalize()} <span class="count">${relation["total"]}</span></h3>
  <ul class="relations">
    % for row in relation["rows"]:
    <li>${related.relation(row)}</li>
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
