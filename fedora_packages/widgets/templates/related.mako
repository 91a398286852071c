## Parts that the panels about relations share.

## A relation: its name, linked to the package or a search for it, with operator and version.
<%def name="relation(row)">\
% if row["package"]:
<a href="${request.route_path('package', package=row['package'])}">${row["name"]}</a>\
% if row["others"]:
 <a class="others" href="${request.route_path('search', _query={'search': row['search']})}">or ${row["others"]} more</a>\
% endif
% elif row["search"]:
<a class="capability" href="${request.route_path('search', _query={'search': row['search']})}">${row["name"]}</a>\
% else:
<span class="capability">${row["name"]}</span>\
% endif
% if row["operator"]:
 <span class="version">${row["operator"]} ${row["version"]}</span>\
% endif
</%def>
