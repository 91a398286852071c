## How many bugs are open.
<p class="figure"><a href="${request.route_path('tab', package=package.name, tab='bugs')}">${open} open</a>\
% if blockers:
, ${blockers} of them in the way of others\
% endif
</p>
