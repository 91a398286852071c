## The number of open bugs.
<p class="figure"><a href="${request.route_path('tab', package=package.name, tab='bugs')}">${open} open</a>\
% if blockers:
, ${blockers} of them blocking others\
% endif
</p>
