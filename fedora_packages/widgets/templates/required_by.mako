## Which packages require a binary package.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
<%namespace name="related" file="related.mako"/>
% if slice is None:
<p>${release} has no binary package ${binary}.</p>
% else:
% if is_cut:
<p>Too many packages of ${release} require ${binary} to list them\
% if slice.total:
 all: these are ${slice.total} of them\
% endif
.</p>
% elif slice.total == 1:
<p>1 package of ${release} requires ${binary}.</p>
% elif slice.total:
<p>${slice.total} packages of ${release} require ${binary}.</p>
% else:
<p>No package of ${release} requires ${binary}.</p>
% endif
% if only_in:
<p class="why">These are in ${only_in}.  Where a repository has one, mdapi tells of no others: packages of ${release} that have not been
  updated are missing.</p>
% endif
% if packages:
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-required_by">
<table>
  <thead><tr><th scope="col">Package</th><th scope="col">Source</th><th scope="col">Requires</th></tr></thead>
  <tbody>
  % for one in packages:
    <tr>
      <th scope="row">\
      % if one["is_some_binary"]:
a binary of \
      % endif
      % if one["page"]:
<a href="${request.route_path('package', package=one['page'])}">${one["name"]}</a>\
      % else:
${one["name"]}\
      % endif
</th>
      <td><a href="${request.route_path('package', package=one['source'])}">${one["source"]}</a></td>
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
${parts.pager(slice)}
<p class="why">mdapi was asked who requires \
% for name in asked:
<code>${name}</code>\
% if not loop.last:
, \
% endif
% endfor
.\
% if unasked:
  That it provides ${unasked} more was not asked about.\
% endif
  Requirements of its files by their paths, and conditions such as <code>(a or b)</code>, are not among these.
  Changes of what requires the name are announced; of the rest no message tells, and it is read again now and then.</p>
% endif
