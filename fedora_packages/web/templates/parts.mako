## What pages and panels repeat.

## A moment, absolute; seconds since 1970.
<%def name="when(seconds)">\
% if iso(seconds):
<time datetime="${iso(seconds)}">${moment(seconds)}</time>\
% else:
at an unknown time\
% endif
</%def>

## The day of a moment, where the hour does not matter.
<%def name="date(seconds)">\
% if iso(seconds):
<time datetime="${iso(seconds)}">${day(seconds)}</time>\
% else:
at an unknown time\
% endif
</%def>

## A choice between values of a parameter: links, or a list where there are many.
<%def name="switch(choice)">
% if choice.is_choice and choice.is_short:
<nav class="switch" aria-label="${choice.label}">
  <span>${choice.label}:</span>
  <ul>
  % for option in choice.options:
    <li><a href="${option.address}"
    % if option.is_current:
      aria-current="true"
    % endif
    >${option.label}</a></li>
  % endfor
  </ul>
</nav>
% elif choice.is_choice:
<form class="switch" method="get"
% if choice.path:
  action="${choice.path}"
% endif
>
  <label for="choose-${choice.name}">${choice.label}:</label>
  <select id="choose-${choice.name}" name="${choice.name}">
  % for option in choice.options:
    <option value="${option.value}"
    % if option.is_current:
      selected
    % endif
    >${option.label}</option>
  % endfor
  </select>
  % for name, text in choice.kept:
  <input type="hidden" name="${name}" value="${text}">
  % endfor
  <button type="submit">Show</button>
</form>
% endif
</%def>

## Where one is in a list, and the ways on and back.
<%def name="pager(slice)">
% if slice.is_beyond:
<p>There is no page ${slice.number}: the list has ${slice.pages}.</p>
% endif
% if slice.previous or slice.following:
<nav class="pager" aria-label="Pages">
  % if slice.previous:
  <a rel="prev" href="${slice.previous}">Previous</a>
  % endif
  % if not slice.is_beyond:
  <span>Page ${slice.number} of ${slice.pages}</span>
  % endif
  % if slice.following:
  <a rel="next" href="${slice.following}">Next</a>
  % endif
</nav>
% endif
</%def>

## What is said in place of a panel whose main value is not known.
<%def name="missing(source)">\
% if source.cached.error_state:
${trouble_of(source.cached.error_state)}, and nothing was known before.\
% else:
${spoken(source.upstream)} has not answered yet.\
% endif
</%def>

## Rows that are missing from a panel because they are invalid.
<%def name="invalid_rows(source)">
<p class="doubt">
% if source.invalid_rows["count"] == 1:
1 row was left out
% else:
${source.invalid_rows["count"]} rows were left out
% endif
because ${spoken(source.upstream)} returned invalid data (${source.invalid_rows["error"]}).</p>
</%def>

## The stamps of a panel in a line: as of when all of it is, and from whom.
<%def name="stamps(panel)">\
% if panel.is_fresh and panel.oldest:
As of ${when(panel.oldest.cached.stamp.fetched)}, from ${", ".join(spoken(name) for name in panel.upstreams)}\
% else:
Not all of this is known to be up to date\
% endif
</%def>

## When, from whom and because of what a value was read; or why it is old, or not there.
<%def name="stamp(source)">
<p class="stamp stamp-${source.cached.state}"><span class="word">${source.word.capitalize()}:</span>
% if source.cached.is_known and source.cached.error_state and source.cached.state == "unwatched":
  nobody has followed what changes since ${when(source.cached.error_state.since)}: this is what we knew at
  ${when(source.cached.stamp.fetched)}, from ${spoken(source.upstream)}.  It may have changed since.
% elif source.cached.is_known and source.cached.error_state:
  ${trouble_of(source.cached.error_state)}: this is what we knew at ${when(source.cached.stamp.fetched)}.
  It has been so since ${when(source.cached.error_state.since)} (${source.cached.error_state.error}).
    % if source.cached.because and source.cached.because["event"]:
  Something has changed meanwhile (${event(source.cached.because["event"])}).
    % endif
% elif source.cached.is_known:
  as of ${when(source.cached.stamp.fetched)}, from ${spoken(source.upstream)}\
  % if source.cached.stamp.event:
, because of ${event(source.cached.stamp.event)}\
  % endif
, asked by the ${source.cached.stamp.by}.
  % if not source.cached.is_fresh:
  Something has changed since\
    % if source.cached.because and source.cached.because["event"]:
 (${event(source.cached.because["event"])})\
    % endif
: it is being read again.
  % endif
% elif source.cached.error_state:
  not known.  ${trouble_of(source.cached.error_state)}, since ${when(source.cached.error_state.since)} (${source.cached.error_state.error}).
% else:
  not known yet.  ${spoken(source.upstream)} has been asked and has not answered so far.
% endif
</p>
</%def>

## A message: its topic, and its id for whoever wants to look it up.
<%def name="event(event)">\
<span class="event">${event["topic"]} <code>${event["id"]}</code></span>\
</%def>

## A build's state, as a word with a look of its own.
<%def name="state(word)">\
<span class="state state-${word}">${word}</span>\
</%def>

## A sentence of `sentences`.
<%def name="words(sentence)">\
% for part in sentence:
% if part.address:
<a href="${part.address}" rel="external">${part.text}</a>\
% else:
${part.text}\
% endif
% endfor
</%def>
