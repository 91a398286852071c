## The packages that require a binary package.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
<%namespace name="related" file="related.mako"/>
% if not requirers["found"]:
<p>${release} has no binary package ${binary}. Choose another release or package.</p>
% else:
% if requirers["is_cut"]:
<p>Too many packages of ${release} require ${binary} to list them all.\
% if pagination.total:
 Showing ${pagination.total}.\
% endif
</p>
% elif pagination.total == 1:
<p>1 package of ${release} requires ${binary}${by_name}.</p>
% elif pagination.total:
<p>${pagination.total} packages of ${release} require ${binary}${by_name}.</p>
% else:
<p>No package of ${release} requires ${binary}${by_name}.</p>
% endif
% if by_name:
<p class="why">This list is incomplete: mdapi can look up package names only.
  Packages that require a library, a command or another capability of ${binary} are missing.</p>
% endif
% if only_in:
<p class="why">Only packages in ${only_in} are listed: mdapi skips the other repositories of ${release} if one of them has a match.</p>
% endif
% if packages:
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-required_by">
<table>
  <thead><tr><th scope="col">Package</th><th scope="col">Source</th><th scope="col">Requires</th></tr></thead>
  <tbody>
  % for one in packages:
    <tr>
      <th scope="row">\
      % if one["is_unknown_binary"]:
a binary package of \
      % endif
      % if one["page"]:
<a href="${request.route_path('package', package=one['page'])}">${one["name"]}</a>\
      % else:
${one["name"]}\
      % endif
</th>
      <td>\
      % if one["source"]:
<a href="${request.route_path('package', package=one['source'])}">${one["source"]}</a>\
      % endif
</td>
      <td class="relations-of">
        <ul class="plain">
        % for row in one["rows"]:
          <li>${related.relation(row)}</li>
        % endfor
        </ul>
      </td>
    </tr>
  % endfor
  </tbody>
</table>
</div>
% endif
${parts.pager(pagination)}
<p class="why">Searched for requirements on \
% for name in requirers["asked"]:
<code>${name}</code>\
% if not loop.last:
, \
% endif
% endfor
.\
% if requirers["unasked"]:
  ${requirers["unasked"]} more capabilities were not searched.\
% endif
% if requirers["is_complete"]:
  Requirements on its files and conditions such as <code>(a or b)</code> are included.</p>
% else:
  Requirements on file paths and conditions such as <code>(a or b)</code> are not included.
  Requirements on the package name are updated after messages, all others from time to time.</p>
% endif
% endif
