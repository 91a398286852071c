## The newest versions of the upstream project, and what rawhide has of them.
% if project is None:
<p>In Anitya, which looks for new versions, ${source} is mapped to no project: so nobody is told of them.  Whoever has an account there
can map it: <a href="${links.projects(source)}" rel="external">look for the project</a>, or else
<a href="${links.new_project()}" rel="external">add it</a>, and add to it the distribution Fedora with the package ${source}.</p>
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
  <dd class="none">Anitya has found no version</dd>
  % else:
  <dd>${newest}</dd>
  % endif
  <dt>In rawhide</dt>
  % if build:
  <dd><a href="${links.build(build['build_id'])}" rel="external">${evr(build)}</a>\
    % if standing == "behind":
 <span class="mark">upstream is newer</span>\
    % elif standing == "ahead":
 newer than what Anitya has found\
    % elif standing == "same":
 <span class="good">has it</span>\
    % endif
</dd>
  % elif is_build_known:
  <dd class="none">none</dd>
  % else:
  <dd class="unknown">not known at the moment</dd>
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
