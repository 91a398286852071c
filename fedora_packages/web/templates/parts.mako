## Parts that pages and panels share.

## A Unix timestamp, as an absolute time.
<%def name="when(seconds)">\
% if iso(seconds):
<time datetime="${iso(seconds)}">${format_time(seconds)}</time>\
% else:
unknown time\
% endif
</%def>

## The date of a Unix timestamp.
<%def name="date(seconds)">\
% if iso(seconds):
<time datetime="${iso(seconds)}">${format_date(seconds)}</time>\
% else:
unknown time\
% endif
</%def>

## A filter of the panel: links, or a list if it has many choices.
<%def name="filter_control(control)">
% if control.is_choice and control.is_short:
<nav class="switch" aria-label="${control.label}">
  <span>${control.label}:</span>
  <ul>
  % for choice in control.choices:
    <li><a href="${choice.url}"
    % if choice.is_current:
      aria-current="true"
    % endif
    >${choice.label}</a></li>
  % endfor
  </ul>
</nav>
% elif control.is_choice:
<form class="switch" method="get"
% if panel.context.path:
  action="${panel.context.path}"
% endif
>
  <label for="choose-${control.name}">${control.label}:</label>
  <select id="choose-${control.name}" name="${control.name}">
  % for choice in control.choices:
    <option value="${choice.value}"
    % if choice.is_current:
      selected
    % endif
    >${choice.label}</option>
  % endfor
  </select>
  % for name, text in control.kept:
  <input type="hidden" name="${name}" value="${text}">
  % endfor
  <button type="submit">Show</button>
</form>
% endif
</%def>

## The position in a list, with links to the previous and next page.
<%def name="pager(pagination)">
% if pagination.is_beyond:
<p>Page ${pagination.page} does not exist. The last page is ${pagination.pages}.</p>
% endif
% if pagination.previous or pagination.next:
<nav class="pager" aria-label="Pages">
  % if pagination.previous:
  <a rel="prev" href="${pagination.previous}">Previous</a>
  % endif
  % if not pagination.is_beyond:
  <span>Page ${pagination.page} of ${pagination.pages}</span>
  % endif
  % if pagination.next:
  <a rel="next" href="${pagination.next}">Next</a>
  % endif
</nav>
% endif
</%def>

## The text in place of a panel whose main value is not known.
<%def name="missing(source)">\
% if source.cached.error_state:
${error_summary(source.cached.error_state)}, and nothing is cached yet.\
% else:
${upstream_title(source.upstream)} has not answered yet.\
% endif
</%def>

## Rows that are missing from a panel because they are invalid.
<%def name="invalid_rows(source)">
<p class="outdated">${format_counts(source.invalid_rows["by_kind"])} could not be read, because
${upstream_title(source.upstream)} returned invalid data (${source.invalid_rows["error"]}).</p>
</%def>

## The stamps of a panel in a line: its time and its upstreams.
<%def name="stamps(panel)">\
% if panel.is_fresh and panel.oldest:
Updated ${when(panel.oldest.cached.stamp.fetched)} from ${", ".join(upstream_title(name) for name in panel.upstreams)}\
% else:
Not all of this is up to date\
% endif
</%def>

## The time, upstream and cause of a value; or why it is old or missing.
<%def name="stamp(source)">
<p class="stamp stamp-${source.cached.state}"><span class="word">${source.label.capitalize()}:</span>
% if source.cached.is_known:
  updated ${when(source.cached.stamp.fetched)} from ${upstream_title(source.upstream)}\
  % if source.cached.stamp.event:
, after ${event(source.cached.stamp.event)}\
  % endif
.
  % if source.cached.error_state and source.cached.state == "unwatched":
  No worker has processed messages since ${when(source.cached.error_state.since)}, so newer changes may be missing.
  % elif source.cached.error_state:
  ${error_summary(source.cached.error_state)}, since ${when(source.cached.error_state.since)} (${source.cached.error_state.error}).
  % elif not source.cached.is_fresh:
  A newer version is being fetched.
  % endif
  % if not source.cached.is_fresh and source.cached.because and source.cached.because["event"]:
  Changed since then: ${event(source.cached.because["event"])}.
  % endif
% elif source.cached.error_state:
  not available.  ${error_summary(source.cached.error_state)}, since ${when(source.cached.error_state.since)} (${source.cached.error_state.error}).
% else:
  not available yet.  ${upstream_title(source.upstream)} has not answered.
% endif
</p>
</%def>

## A message: its topic and its id; of a change that a sweep has found, when that was.
<%def name="event(event)">\
% if event.get("swept"):
<span class="event">${event["topic"]}, found by the sweep of ${when(event["swept"])}</span>\
% else:
<span class="event">${event["topic"]} <code>${event["id"]}</code></span>\
% endif
</%def>

## The state of a build, update or bug.
<%def name="state(word)">\
<span class="state state-${word}">${word}</span>\
</%def>

## A sentence about a message, with its links.
<%def name="words(sentence)">\
% for part in sentence:
% if part.address:
<a href="${part.address}" rel="external">${part.text}</a>\
% else:
${part.text}\
% endif
% endfor
</%def>
