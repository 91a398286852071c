## How many bugs are open.
<p><a href="${request.route_path('tab', package=package.name, tab='bugs')}">${open} open</a>, of which ${blockers} block others.</p>
