## The state of the service: alerts first, then everything else.
<%inherit file="layout.mako"/>
<%block name="page_title">Status - Fedora Packages</%block>

## A timestamp to the second; None is unknown.
<%def name="at(seconds)">\
% if seconds is None:
<span class="unknown">unknown</span>\
% else:
<time datetime="${iso(seconds)}">${second(seconds)}</time>\
% endif
</%def>

## The cells of a distribution: its percentiles.
<%def name="cells(durations)">
  % for label, words in percentiles(durations).items():
  <td class="number" data-label="${label}">${words}</td>
  % endfor
</%def>

<%def name="heads(of)">
  <th scope="col" class="number">${of}, 50 %</th><th scope="col" class="number">95 %</th><th scope="col" class="number">99 %</th>
</%def>

<h1>Status</h1>
% if alerts:
<ul class="alerts">
  % for alert in alerts:
  <li
  % if alert.severity == "critical":
    class="critical"
  % endif
  >
    <strong>${"Critical: " if alert.severity == "critical" else ""}${alert.summary}\
    % if alert.since:
, since ${at(alert.since)}\
    % endif
.</strong>
    <p>${alert.description}</p>
  </li>
  % endfor
</ul>
% else:
<p class="well">All is well.</p>
% endif

<dl class="glance">
  <dt>All messages handled up to</dt>
  <dd>${at(health.caught_up_to)}\
  % if health.is_behind:
 <strong class="bad">behind</strong>\
  % endif
</dd>
  <dt>Running workers</dt>
  <dd>${len(health.alive)}</dd>
  <dt>Entries waiting for a refill</dt>
  <dd>${waiting}</dd>
  <dt>Cached entries</dt>
  <dd>
  % if entries is None:
    <span class="unknown">not counted yet</span>
  % else:
    ${entries}, counted ${at(health.counted)}
  % endif
  </dd>
  <dt>Lost messages in the last hour</dt>
  <dd>${lost}, in ${audited} audits</dd>
  <dt>Packages in the index</dt>
  <dd>
  % if health.packages is None:
    <span class="unknown">unknown</span>
  % else:
    ${health.packages}\
  % if health.skipped_packages:
 (the last build left out ${health.skipped_packages} invalid ones)\
  % endif

  % endif
  </dd>
  <dt>Updated</dt>
  <dd>${at(health.at)}</dd>
</dl>
<p class="why">Durations are rounded up to the bound of their histogram bucket.  For programs:
  <a href="${request.route_path('api.status')}">JSON</a>, <a href="${request.route_path('metrics')}">Prometheus</a>.</p>

<h2 id="workers">Workers</h2>
% if health.workers:
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-workers">
<table class="stacked">
  <caption id="caption-workers">The latest heartbeat of each worker</caption>
  <thead>
    <tr><th scope="col">Worker</th><th scope="col">State</th><th scope="col">All messages handled up to</th>
      <th scope="col" class="number">Buffered messages</th><th scope="col">Bus</th><th scope="col">Missed messages</th></tr>
  </thead>
  <tbody>
  % for worker in health.workers:
    <tr>
      <th scope="row">${worker.name}</th>
      <td data-label="State">
      % if worker.is_alive and worker.begun is None:
        <span class="good">running</span>
      % elif worker.is_alive:
        <span class="good">running</span> since ${at(worker.begun)}
      % else:
        <span class="none">stopped</span>, last heartbeat ${at(worker.at)}
      % endif
      % if worker.dead:
        <br><span class="bad">dead threads: ${", ".join(worker.dead)}</span>
      % endif
      </td>
      <td data-label="All messages handled up to">${at(worker.caught_up_to)}</td>
      <td class="number" data-label="Buffered messages">${"–" if worker.buffer is None else worker.buffer}</td>
      % if worker.is_alive:
      <td data-label="Bus">
        <ul class="plain">
        % for address, is_connected in worker.endpoints.items():
          <li>${address}<br>
          % if is_connected:
            <span class="good">connected</span>
          % else:
            <span class="bad">disconnected</span>
          % endif
          </li>
        % endfor
        % if worker.hub_moves is False:
          <li><span class="bad">the hub hangs</span></li>
        % endif
        % if not worker.endpoints:
          <li>${worker.bus or "unknown"}</li>
        % endif
        </ul>
      </td>
      <td data-label="Missed messages">
      % if worker.gap is None:
        <span class="unknown">unknown</span>
      % else:
        % if worker.gap.closed:
        <span class="good">none</span>
        % else:
        <span class="bad">possible: ${worker.gap.reason}</span>
        % endif
        % if not worker.gap.archive:
        <br>datagrepper is not configured
        % elif worker.gap.archive_error:
        <br><span class="bad">message archive: ${worker.gap.archive_error}</span>
        % endif
        % if worker.gap.replayed_at is not None:
        <br>last replay ${at(worker.gap.replayed_at)}; ${worker.gap.replayed} messages replayed so far
        % endif
      % endif
      </td>
      % else:
      <td data-label="Bus">–</td>
      <td data-label="Missed messages">–</td>
      % endif
    </tr>
  % endfor
  </tbody>
</table>
</div>
% else:
<p>No worker has ever run.  Start fedora-packages-worker.</p>
% endif

<h2 id="upstreams">Upstreams</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-upstreams">
<table class="stacked">
  <caption id="caption-upstreams">Requests in the last hour</caption>
  <thead>
    <tr><th scope="col">Upstream</th><th scope="col" class="number">Refills queued</th><th scope="col" class="number">Requests</th>
      <th scope="col" class="number">Unavailable</th><th scope="col" class="number">Invalid</th>${heads("Duration")}</tr>
  </thead>
  <tbody>
  % for upstream in health.upstreams:
    <tr>
      <th scope="row">${upstream_title(upstream.name)}</th>
      <td class="number" data-label="Refills queued">${upstream.queued}</td>
      <td class="number" data-label="Requests">${upstream.lately.took.count}</td>
      <td class="number" data-label="Unavailable">${upstream.lately.unavailable}</td>
      <td class="number" data-label="Invalid">${upstream.lately.invalid}</td>
      ${cells(upstream.lately.took)}
    </tr>
  % endfor
  </tbody>
</table>
</div>
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-circuits">
<table class="stacked">
  <caption id="caption-circuits">Circuits: the upstreams as each process sees them</caption>
  <thead>
    <tr><th scope="col">Upstream</th><th scope="col">Process</th><th scope="col">State</th><th scope="col">Last response</th>
      <th scope="col">Error</th></tr>
  </thead>
  <tbody>
  % for upstream in health.upstreams:
    % for circuit in upstream.circuits:
    <tr>
      <th scope="row">${upstream_title(upstream.name)}</th>
      <td data-label="Process">${circuit.process}</td>
      <td data-label="State">
      % if circuit.failures:
        <span class="bad">${"circuit open" if circuit.is_open else "failing"}</span> since ${at(circuit.failing_since)},
        ${circuit.failures} failures in a row
      % elif circuit.answered is not None:
        <span class="good">responding</span>
      % else:
        <span class="none">no requests yet</span>
      % endif
      </td>
      <td data-label="Last response">
      % if circuit.answered is None:
        <span class="none">never</span>
      % else:
        ${at(circuit.answered)}
      % endif
      </td>
      <td class="said" data-label="Error">${circuit.reason}</td>
    </tr>
    % endfor
  % endfor
  </tbody>
</table>
</div>

<h2 id="probes">Probes</h2>
<p>Once a day, and when it starts, a worker asks for a package that is everywhere, and compares the answers with what is read of them.</p>
% if health.probes:
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-probes">
<table class="stacked">
  <caption id="caption-probes">The latest probe of each query</caption>
  <thead>
    <tr><th scope="col">Query</th><th scope="col">Package</th><th scope="col">At</th><th scope="col">Result</th></tr>
  </thead>
  <tbody>
  % for probe in health.probes:
    <tr>
      <th scope="row">${probe.query}</th>
      <td data-label="Package">${"–" if probe.sample == "*" else probe.sample}</td>
      <td data-label="At">${at(probe.at)}</td>
      <td class="said" data-label="Result">
      % if probe.findings:
        <span class="bad">changed since ${at(probe.since)}</span>
        <ul class="differences">
        % for finding in probe.findings:
          <li>${finding}</li>
        % endfor
        </ul>
      % elif not probe.unavailable:
        <span class="good">as expected</span>
      % endif
      % if probe.unavailable:
        <span class="none">no answer</span>: ${probe.unavailable}
      % endif
      % if probe.unchecked:
        <br>No rows to compare: ${", ".join(probe.unchecked)}
      % endif
      </td>
    </tr>
  % endfor
  </tbody>
</table>
</div>
% else:
<p>No probe so far.</p>
% endif

<h2 id="queries">Queries</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-queries">
<table class="stacked">
  <caption id="caption-queries">The cache in the last hour</caption>
  <thead>
    <tr><th scope="col">Query</th><th scope="col" class="number">Entries</th><th scope="col" class="number">Hits</th>
      <th scope="col" class="number">Misses</th><th scope="col" class="number">Hit rate</th>
      <th scope="col" class="number">Refills</th><th scope="col" class="number">Failed</th>
      <th scope="col" class="number">Rechecks</th><th scope="col" class="number">Waiting</th>
      <th scope="col">Waiting longest</th></tr>
  </thead>
  <tbody>
  % for query in health.queries:
    <tr>
      <th scope="row">${query.name}</th>
      <td class="number" data-label="Entries">${"–" if query.entries is None else query.entries}</td>
      <td class="number" data-label="Hits">${query.lately.hits}</td>
      <td class="number" data-label="Misses">${query.lately.misses}</td>
      <td class="number" data-label="Hit rate">${share(query.lately.hit_rate)}</td>
      <td class="number" data-label="Refills">${query.lately.refills}</td>
      <td class="number" data-label="Failed">${query.lately.failures}</td>
      <td class="number" data-label="Rechecks">${query.lately.rechecks}</td>
      <td class="number" data-label="Waiting">${query.waiting.entries}</td>
      % if query.waiting.package:
      <td data-label="Waiting longest">${query.waiting.package}, since ${at(query.waiting.since)}</td>
      % else:
      <td></td>
      % endif
    </tr>
  % endfor
  </tbody>
</table>
</div>
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-audit">
<table class="stacked">
  <caption id="caption-audit">Checks of entries against their upstreams, and their results: last hour / all time</caption>
  <thead>
    <tr><th scope="col">Query</th><th scope="col" class="number">By audit</th><th scope="col" class="number">By schedule</th>
      <th scope="col" class="number">By readers</th><th scope="col" class="number">Late messages</th>
      <th scope="col" class="number">Ignored fields</th><th scope="col" class="number">Lost messages</th>
      <th scope="col" class="number">Lost per audit</th></tr>
  </thead>
  <tbody>
  % for query in health.queries:
    <tr>
      <th scope="row">${query.name}</th>
      <td class="number" data-label="By audit">${query.lately.audited} / ${query.total.audited}</td>
      <td class="number" data-label="By schedule">${query.lately.scheduled} / ${query.total.scheduled}</td>
      <td class="number" data-label="By readers">${query.lately.requested} / ${query.total.requested}</td>
      <td class="number" data-label="Late messages">${query.lately.late} / ${query.total.late}</td>
      <td class="number" data-label="Ignored fields">${query.lately.ignored} / ${query.total.ignored}</td>
      <td class="number" data-label="Lost messages">${query.lately.drift} / ${query.total.drift}</td>
      <td class="number" data-label="Lost per audit">${share(query.lately.drift_rate)} / ${share(query.total.drift_rate)}</td>
    </tr>
  % endfor
  </tbody>
</table>
</div>

<p>The schedules of the queries ask for ${f"{health.load:.3f}"} reads a second\
% if health.budget is not None:
, of a budget of ${f"{health.budget:g}"}\
% endif
.</p>

<h2 id="warm">Warm values</h2>
<p>A worker fetches what was never cached, the packages first on which most others depend.</p>
% if health.warmth:
<p>${share(health.warmth.share)} of the values that pages show by default are there (counted at ${at(health.warmth.at)}).
% if health.warmth.since is not None:
  Some are missing since ${at(health.warmth.since)}.\
  % if health.warmth.rate is not None:
  ${f"{health.warmth.rate:.3g}"} come a second.\
  % endif
% endif
</p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-warm">
<table class="stacked">
  <caption id="caption-warm">The values of each query that pages show by default</caption>
  <thead>
    <tr><th scope="col">Query</th><th scope="col" class="number">Shown by default</th><th scope="col" class="number">There</th>
      <th scope="col" class="number">Share</th><th scope="col" class="number">Failed</th></tr>
  </thead>
  <tbody>
  % for name, query in health.warmth.queries.items():
    <tr>
      <th scope="row">${name}</th>
      <td class="number" data-label="Shown by default">${query.wanted}</td>
      <td class="number" data-label="There">${query.there}</td>
      <td class="number" data-label="Share">${share(query.there / query.wanted if query.wanted else None)}</td>
      <td class="number" data-label="Failed">${query.failed}</td>
    </tr>
  % endfor
  </tbody>
</table>
</div>
% else:
<p>Not counted so far.</p>
% endif

<h2 id="messages">Messages</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-lags">
<table class="stacked">
  <caption id="caption-lags">From a message to a fresh page, in the last hour.  Bus timestamps are whole seconds, so durations from
    “sent” may be up to a second too long.</caption>
  <thead>
    <tr><th scope="col">Step</th><th scope="col" class="number">Messages</th>${heads("Duration")}</tr>
  </thead>
  <tbody>
  % for lag in health.lags:
    <tr>
      <th scope="row">${f"{lag.name}, {lag.upstream}" if lag.upstream else lag.name}</th>
      <td class="number" data-label="Messages">${lag.lately.count}</td>
      ${cells(lag.lately)}
    </tr>
  % endfor
  </tbody>
</table>
</div>
% if health.messages:
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-outcomes">
<table class="stacked">
  <caption id="caption-outcomes">Outcomes of messages, all time</caption>
  <thead><tr><th scope="col">Outcome</th><th scope="col" class="number">Messages</th></tr></thead>
  <tbody>
  % for outcome, count in health.messages.items():
    <tr><th scope="row">${outcome}</th><td class="number" data-label="Messages">${count}</td></tr>
  % endfor
  </tbody>
</table>
</div>
% else:
<p>No messages so far.</p>
% endif
% if health.topics:
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-topics">
<table class="stacked">
  <caption id="caption-topics">The newest message of each topic</caption>
  <thead>
    <tr><th scope="col">Topic</th><th scope="col">Sent</th><th scope="col">Handled</th><th scope="col">Message</th></tr>
  </thead>
  <tbody>
  % for topic in health.topics:
    <tr>
      <th scope="row">${topic.topic}</th>
      % if topic.sent is None:
      <td data-label="Sent"><span class="none">never</span></td>
      <td data-label="Handled">–</td>
      <td data-label="Message">–</td>
      % else:
      <td data-label="Sent">${at(topic.sent)}</td>
      <td data-label="Handled">${at(topic.handled)}</td>
      <td class="said" data-label="Message"><code>${topic.id}</code></td>
      % endif
    </tr>
  % endfor
  </tbody>
</table>
</div>
% endif

<h2 id="sweeps">Sweeps</h2>
<p>Each upstream's own list of changes is the second witness beside the messages.</p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-turns">
<table class="stacked">
  <caption id="caption-turns">The latest sweep of each upstream, and the latest audit in bulk of each query</caption>
  <thead>
    <tr><th scope="col">Name</th><th scope="col">Every</th><th scope="col">Finished</th><th scope="col">Found</th>
      <th scope="col">Error</th></tr>
  </thead>
  <tbody>
  % for turn in health.turns:
    <tr>
      <th scope="row">${turn.name}</th>
      <td data-label="Every">${format_duration(turn.every)}</td>
      % if turn.finished is None:
      <td data-label="Finished"><span class="none">never</span></td>
      % else:
      <td data-label="Finished">${at(turn.finished)}</td>
      % endif
      <td data-label="Found">${", ".join(f"{count} {what}" for what, count in turn.counts.items())}</td>
      <td class="said" data-label="Error">${turn.error}</td>
    </tr>
  % endfor
  </tbody>
</table>
</div>
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-witnesses">
<table class="stacked">
  <caption id="caption-witnesses">Changes found by sweeps, and values compared in bulk: last hour / all time</caption>
  <thead>
    <tr><th scope="col">Query</th><th scope="col" class="number">Shown already</th>
      <th scope="col" class="number">Without a message</th><th scope="col" class="number">Never announced</th>
      <th scope="col" class="number">Compared in bulk</th></tr>
  </thead>
  <tbody>
  % for query in health.queries:
    <tr>
      <th scope="row">${query.name}</th>
      <td class="number" data-label="Shown already">${query.lately.swept_told} / ${query.total.swept_told}</td>
      <td class="number" data-label="Without a message">${query.lately.swept_untold} / ${query.total.swept_untold}</td>
      <td class="number" data-label="Never announced">${query.lately.swept_silent} / ${query.total.swept_silent}</td>
      <td class="number" data-label="Compared in bulk">${query.lately.compared_in_bulk} / ${query.total.compared_in_bulk}</td>
    </tr>
  % endfor
  </tbody>
</table>
</div>

<h2 id="wrong">Wrong values</h2>
% if wrong:
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-wrong">
<table class="stacked">
  <caption id="caption-wrong">Values that were shown as fresh and wrong, and for how long at most: last hour / all time.  Sweeps find
    what no message told, the others what no sweep found either.</caption>
  <thead>
    <tr><th scope="col">Query</th><th scope="col">Found by</th><th scope="col" class="number">Values</th>
    % for label in ages:
      <th scope="col" class="number">${label}</th>
    % endfor
    </tr>
  </thead>
  <tbody>
  % for row in wrong:
    <tr>
      <th scope="row">${row.query}</th>
      <td data-label="Found by">${row.found_by}</td>
      <td class="number" data-label="Values">${row.lately.count} / ${row.total.count}</td>
      % for label, bound in ages.items():
      <td class="number" data-label="${label}">${row.lately.longer_than(bound)} / ${row.total.longer_than(bound)}</td>
      % endfor
    </tr>
  % endfor
  </tbody>
</table>
</div>
% else:
<p>No wrong values found.</p>
% endif

<h2 id="drift">Lost messages</h2>
% if drifts:
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-drift">
<table class="stacked">
  <caption id="caption-drift">Differences from an upstream that no message announced, newest first</caption>
  <thead>
    <tr><th scope="col">Found</th><th scope="col">Query</th><th scope="col">Package</th><th scope="col">Fetched</th>
      <th scope="col">Difference</th><th scope="col">Expected topics</th><th scope="col">Found by</th></tr>
  </thead>
  <tbody>
  % for drift in drifts:
    <tr>
      <td data-label="Found">${at(drift["found"])}</td>
      <td data-label="Query">${drift["query"]}</td>
      <td data-label="Package">${drift["package"]} ${drift["variant"]}</td>
      <td data-label="Fetched">${at(drift["fetched"])}</td>
      <td data-label="Difference">
        <ul class="differences">
        % for difference in drift["differences"]:
          <li>${difference}</li>
        % endfor
        </ul>
      </td>
      <td data-label="Expected topics">${", ".join(drift["topics"])}</td>
      <td data-label="Found by">${drift["by"]}</td>
    </tr>
  % endfor
  </tbody>
</table>
</div>
% else:
<p>No lost messages found.</p>
% endif
