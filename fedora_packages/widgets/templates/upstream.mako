## The newest versions of the upstream project, compared with Rawhide.
% if project is None:
<p>${package.source} is not mapped to a project in Anitya, so new versions are not tracked.
<a href="${links.projects(package.source)}" rel="external">Find the project</a> or <a href="${links.new_project()}" rel="external">add it</a>,
then map it to the package ${package.source} of the distribution Fedora.</p>
% else:
<dl>
  <dt>Project</dt>
  <dd><a href="${links.project(project['id'])}" rel="external">${project["name"]}</a>\
  % if homepage:
 (<a href="${homepage}" rel="external nofollow">${homepage}</a>)\
  % endif
</dd>
  <dt>Newest upstream</dt>
  % if newest is None:
  <dd class="none">none found by Anitya</dd>
  % else:
  <dd>${newest}</dd>
  % endif
  <dt>In Rawhide</dt>
  % if build:
  <dd><a href="${links.build(build['build_id'])}" rel="external">${evr(build)}</a>\
    % if comparison == "behind":
 <span class="mark">upstream is newer</span>\
    % elif comparison == "ahead":
 newer than the newest version in Anitya\
    % elif comparison == "same":
 <span class="good">up to date</span>\
    % elif newest is not None:
 <span class="unknown">cannot be compared</span>\
    % endif
    % if is_published is False:
 <span class="gives">built, not yet in the repository</span>\
    % endif
</dd>
  % elif is_build_known:
  <dd class="none">none</dd>
  % else:
  <dd class="unknown">currently unknown</dd>
  % endif
  % if versions:
  <dt>Versions</dt>
  <dd>
    <ul class="names">
      % for row in versions:
      <li>${row["version"]}\
        % if row["is_newer"]:
 <span class="mark">newer</span>\
        % endif
        % if not row["is_stable"]:
 <span class="kind">pre-release</span>\
        % endif
</li>
      % endfor
    </ul>
    % if more:
    and ${more} more
    % endif
  </dd>
  % endif
</dl>
% endif
