## The crashes that users' systems report.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
% if pagination.rows:
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-problems">
<table class="stacked">
  <thead>
    <tr><th scope="col">Crash in</th><th scope="col">Type</th><th scope="col">Status</th><th scope="col" class="number">Reports, all time</th>
      <th scope="col">Trend</th><th scope="col">First</th><th scope="col">Last</th><th scope="col">Bugs</th></tr>
  </thead>
  <tbody>
  % for problem in pagination.rows:
    <tr>
      <th scope="row"><a href="${links.problem(problem['id'])}" rel="external">${problem["function"]}</a></th>
      <td data-label="Type">${problem["type"]}</td>
      <td data-label="Status">${parts.state(problem["status"])}</td>
      <td data-label="Reports" class="number">${problem["count"]}</td>
      <td data-label="Trend">
      % if problem["trend"]:
        ${problem["trend"]}
      % else:
        <span class="unknown">unknown</span>
      % endif
      </td>
      <td data-label="First">${seen(problem["first"])}</td>
      <td data-label="Last">${seen(problem["last"])}</td>
      <td>
      % for bug in problem["bug_links"]:
        % if bug["url"]:
        <a href="${bug['url']}" rel="external nofollow">${bug["label"]}</a>
        % else:
        ${bug["label"]}
        % endif
      % endfor
      </td>
    </tr>
  % endfor
  </tbody>
</table>
</div>
% elif pagination.is_beyond:
% elif is_unreported:
<p>Not tracked. FAF has never had a report of this package, and may not know it.</p>
% elif untracked and not tracked:
<p>Not tracked. FAF does not know the releases that have this package.</p>
% else:
<p>FAF has no reports of crashes of this package\
% if tracked:
 in ${", ".join(tracked)}\
% endif
 in the last year.</p>
% endif
${parts.pager(pagination)}
% if has_more:
<p>Showing the ${cached} most frequent problems of the last year.</p>
% endif
% if untracked:
<p>Not tracked by FAF: ${", ".join(untracked)}.</p>
% endif
<p class="why">FAF counts automatic crash reports of users' systems.\
% if tracked is None:
  New packages and new releases of Fedora may have no reports yet.\
% endif
</p>
<%def name="seen(seconds)">\
% if seconds is not None:
${parts.date(seconds)}\
% else:
<span class="unknown">unknown</span>\
% endif
</%def>
