## The crashes that users' machines have reported.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
% if slice.rows:
<div class="scroll" tabindex="0" role="region" aria-labelledby="title-problems">
<table class="stacked">
  <thead>
    <tr><th scope="col">Crash in</th><th scope="col">Type</th><th scope="col">Status</th><th scope="col" class="number">Reports, all time</th>
      <th scope="col">Trend</th><th scope="col">First</th><th scope="col">Last</th><th scope="col">Bugs</th></tr>
  </thead>
  <tbody>
  % for problem in slice.rows:
    <tr>
      <th scope="row"><a href="${links.problem(problem['id'])}" rel="external">${problem["function"]}</a></th>
      <td data-label="Type">${problem["type"]}</td>
      <td data-label="Status">${parts.state(problem["status"])}</td>
      <td data-label="Reports" class="number">${problem["count"]}</td>
      <td data-label="Trend">
      % if problem["trend"]:
        ${problem["trend"]}
      % else:
        <span class="unknown">not known</span>
      % endif
      </td>
      <td data-label="First">${seen(problem["first"])}</td>
      <td data-label="Last">${seen(problem["last"])}</td>
      <td>
      % for bug in problem["reported"]:
        % if bug["address"]:
        <a href="${bug['address']}" rel="external nofollow">${bug["label"]}</a>
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
% elif not slice.is_beyond:
<p>FAF knows of no crash of this package in the last year.</p>
% endif
${parts.pager(slice)}
% if are_more:
<p>These are the ${kept} most frequent of the last year; there are more.</p>
% endif
<p>FAF counts what users' machines report by themselves.  It may not have heard of new packages and of new releases of Fedora: that it
knows of nothing does not mean that nothing crashes.</p>
<%def name="seen(moment)">\
% if moment is not None:
${parts.date(moment)}\
% else:
<span class="unknown">not known</span>\
% endif
</%def>
