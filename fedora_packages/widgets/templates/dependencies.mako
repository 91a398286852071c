## The relations of a binary package.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
<%namespace name="related" file="related.mako"/>
% if not is_found:
<p>${release} has no binary package ${binary}. Choose another release or package.</p>
% elif panel.context.is_stand_in:
<p>The source package ${package.name} has no binary package of its own name; this is ${binary}.</p>
% endif
<p><a href="${request.route_path('panel', package=package.name, tab='dependencies', panel='required_by', _query=panel.context.parameters)}">Packages
  that require ${binary}</a></p>
% if is_found and not lists:
<p>${binary} has no such relations in ${release}.</p>
% endif
% for relation in lists:
<section>
  <h3>${relation["kind"].capitalize()} <span class="count">${relation["total"]}</span></h3>
  <ul class="relations">
    % for row in relation["rows"]:
    <li>${related.relation(row)}</li>
    % endfor
  </ul>
  % if relation["url"]:
  <p><a href="${relation['url']}">All ${relation["total"]}</a></p>
  % endif
</section>
% endfor
% if pagination:
${parts.pager(pagination)}
% endif
