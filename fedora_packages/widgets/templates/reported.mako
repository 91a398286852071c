## The number of open bugs.
<p class="figure"><a href="${request.route_path('tab', package=package.name, tab='bugs')}">${counts["open"]} open</a>\
% if counts["blockers"]:
, ${counts["blockers"]} of them blocking others\
% endif
</p>
