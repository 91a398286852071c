## How the service is: what is wrong first, then everything there is to know.
<%inherit file="layout.mako"/>
<%block name="page_title">Status - Fedora Packages</%block>

## A moment to the second; None is not known.
<%def name="at(seconds)">\
% if seconds is None:
<span class="unknown">not known</span>\
% else:
<time datetime="${iso(seconds)}">${second(seconds)}</time>\
% endif
</%def>

## The cells of a distribution: half, 95 and 99 of a hundred.
<%def name="cells(durations)">
  % for label, words in percentiles(durations).items():
  <td class="number" data-label="${label}">${words}</td>
  % endfor
</%def>

<%def name="heads(of)">
  <th scope="col" class="number">Half of ${of}</th><th scope="col" class="number">95 %</th><th scope="col" class="number">99 %</th>
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
    <strong>${alert.summary}\
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
  <dt>Every message is handled up to</dt>
  <dd>${at(health.caught_up_to)}\
  % if health.is_behind:
 <strong class="bad">behind</strong>\
  % endif
</dd>
  <dt>Workers alive</dt>
  <dd>${len(health.alive)}</dd>
  <dt>Entries waiting to be fetched again</dt>
  <dd>${waiting}</dd>
  <dt>Entries cached</dt>
  <dd>
  % if entries is None:
    <span class="unknown">not counted yet</span>
  % else:
    ${entries}, counted ${at(health.counted)}
  % endif
  </dd>
  <dt>Lost messages, in the last hour</dt>
  <dd>${lost}, in ${audited} audits</dd>
  <dt>Packages in the index</dt>
  <dd>
  % if health.packages is None:
    <span class="unknown">not known</span>
  % else:
    ${health.packages}
  % endif
  </dd>
  <dt>As of</dt>
  <dd>${at(health.at)}</dd>
</dl>
<p class="why">“Lately” is the last hour.  Durations are rounded up to the next of a few bounds.  For programs:
  <a href="${request.route_path('api.status')}">JSON</a>, <a href="${request.route_path('metrics')}">Prometheus</a>.</p>

<h2 id="workers">Workers</h2>
% if health.workers:
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-workers">
<table class="stacked">
  <caption id="caption-workers">What each worker said of itself last</caption>
  <thead>
    <tr><th scope="col">Worker</th><th scope="col">Is</th><th scope="col">Messages handled up to</th>
      <th scope="col" class="number">In hand</th><th scope="col">Bus</th><th scope="col">Missed messages</th></tr>
  </thead>
  <tbody>
  % for worker in health.workers:
    <tr>
      <th scope="row">${worker.name}</th>
      <td data-label="Is">
      % if worker.is_alive and worker.begun is None:
        <span class="good">alive</span>
      % elif worker.is_alive:
        <span class="good">alive</span> since ${at(worker.begun)}
      % else:
        <span class="none">gone</span>, last heard of ${at(worker.at)}
      % endif
      % if worker.dead:
        <br><span class="bad">without ${", ".join(worker.dead)}</span>
      % endif
      </td>
      <td data-label="Messages handled up to">${at(worker.caught_up_to)}</td>
      <td class="number" data-label="In hand">${"–" if worker.buffer is None else worker.buffer}</td>
      % if worker.is_alive:
      <td data-label="Bus">
        <ul class="plain">
        % for address, is_connected in worker.endpoints.items():
          <li>${address}<br>
          % if is_connected:
            <span class="good">connected</span>
          % else:
            <span class="bad">cut</span>
          % endif
          </li>
        % endfor
        % if worker.hub_moves is False:
          <li><span class="bad">the hub does not move</span></li>
        % endif
        % if not worker.endpoints:
          <li>${worker.bus or "not known"}</li>
        % endif
        </ul>
      </td>
      <td data-label="Missed messages">
      % if worker.gap is None:
        <span class="unknown">not known</span>
      % else:
        % if worker.gap.closed:
        <span class="good">none</span>
        % else:
        <span class="bad">there may be some: ${worker.gap.reason}</span>
        % endif
        % if not worker.gap.archive:
        <br>no archive to read them from
        % elif worker.gap.archive_error:
        <br><span class="bad">the archive: ${worker.gap.archive_error}</span>
        % endif
        % if worker.gap.replayed_at is not None:
        <br>archive read ${at(worker.gap.replayed_at)}; it had ${worker.gap.replayed} so far
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
<p>No worker was ever seen.</p>
% endif

<h2 id="upstreams">Upstreams</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-upstreams">
<table class="stacked">
  <caption id="caption-upstreams">Requests, lately</caption>
  <thead>
    <tr><th scope="col">Upstream</th><th scope="col" class="number">Refills queued</th><th scope="col" class="number">Requests</th>
      <th scope="col" class="number">Not answered</th><th scope="col" class="number">Not usable</th>${heads("requests within")}</tr>
  </thead>
  <tbody>
  % for upstream in health.upstreams:
    <tr>
      <th scope="row">${spoken(upstream.name)}</th>
      <td class="number" data-label="Refills queued">${upstream.queued}</td>
      <td class="number" data-label="Requests">${upstream.lately.took.count}</td>
      <td class="number" data-label="Not answered">${upstream.lately.unavailable}</td>
      <td class="number" data-label="Not usable">${upstream.lately.invalid}</td>
      ${cells(upstream.lately.took)}
    </tr>
  % endfor
  </tbody>
</table>
</div>
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-circuits">
<table class="stacked">
  <caption id="caption-circuits">Whom each upstream answers</caption>
  <thead>
    <tr><th scope="col">Upstream</th><th scope="col">Asked by</th><th scope="col">Is</th><th scope="col">Answered last</th>
      <th scope="col">What it said instead</th></tr>
  </thead>
  <tbody>
  % for upstream in health.upstreams:
    % for circuit in upstream.circuits:
    <tr>
      <th scope="row">${spoken(upstream.name)}</th>
      <td data-label="Asked by">${circuit.process}</td>
      <td data-label="Is">
      % if circuit.failures:
        <span class="bad">${"left alone" if circuit.is_open else "failing"}</span> since ${at(circuit.failing_since)},
        ${circuit.failures} in a row
      % elif circuit.answered is not None:
        <span class="good">answering</span>
      % else:
        <span class="none">not asked yet</span>
      % endif
      </td>
      <td data-label="Answered last">
      % if circuit.answered is None:
        <span class="none">never</span>
      % else:
        ${at(circuit.answered)}
      % endif
      </td>
      <td class="said" data-label="What it said instead">${circuit.reason}</td>
    </tr>
    % endfor
  % endfor
  </tbody>
</table>
</div>

<h2 id="queries">Queries</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-queries">
<table class="stacked">
  <caption id="caption-queries">The cache, lately</caption>
  <thead>
    <tr><th scope="col">Query</th><th scope="col" class="number">Entries</th><th scope="col" class="number">Hits</th>
      <th scope="col" class="number">Misses</th><th scope="col" class="number">Hit rate</th>
      <th scope="col" class="number">Refills</th><th scope="col" class="number">Failed</th>
      <th scope="col" class="number">Not shown yet</th><th scope="col" class="number">Waiting</th>
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
      <td class="number" data-label="Not shown yet">${query.lately.rechecks}</td>
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
  <caption id="caption-audit">Entries compared with what upstreams say, and what was found: lately, and since the beginning</caption>
  <thead>
    <tr><th scope="col">Query</th><th scope="col" class="number">Audits</th><th scope="col" class="number">On schedule</th>
      <th scope="col" class="number">For readers</th><th scope="col" class="number">Message late</th>
      <th scope="col" class="number">Never announced</th><th scope="col" class="number">Message lost</th>
      <th scope="col" class="number">Lost for each audit</th></tr>
  </thead>
  <tbody>
  % for query in health.queries:
    <tr>
      <th scope="row">${query.name}</th>
      <td class="number" data-label="Audits">${query.lately.audited} / ${query.total.audited}</td>
      <td class="number" data-label="On schedule">${query.lately.scheduled} / ${query.total.scheduled}</td>
      <td class="number" data-label="For readers">${query.lately.requested} / ${query.total.requested}</td>
      <td class="number" data-label="Message late">${query.lately.late} / ${query.total.late}</td>
      <td class="number" data-label="Never announced">${query.lately.ignored} / ${query.total.ignored}</td>
      <td class="number" data-label="Message lost">${query.lately.drift} / ${query.total.drift}</td>
      <td class="number" data-label="Lost for each audit">${share(query.lately.drift_rate)} / ${share(query.total.drift_rate)}</td>
    </tr>
  % endfor
  </tbody>
</table>
</div>

<h2 id="messages">Messages</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-lags">
<table class="stacked">
  <caption id="caption-lags">How long messages take, lately.  The bus gives times in whole seconds: what begins with “sent” may be
    up to a second too long.</caption>
  <thead>
    <tr><th scope="col">From … to …</th><th scope="col" class="number">Counted</th>${heads("them within")}</tr>
  </thead>
  <tbody>
  % for lag in health.lags:
    <tr>
      <th scope="row">${lag_title(lag)}</th>
      <td class="number" data-label="Counted">${lag.lately.count}</td>
      ${cells(lag.lately)}
    </tr>
  % endfor
  </tbody>
</table>
</div>
% if health.messages:
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-outcomes">
<table class="stacked">
  <caption id="caption-outcomes">What became of messages, since the beginning</caption>
  <thead><tr><th scope="col">Outcome</th><th scope="col" class="number">Messages</th></tr></thead>
  <tbody>
  % for outcome, count in health.messages.items():
    <tr><th scope="row">${outcome}</th><td class="number" data-label="Messages">${count}</td></tr>
  % endfor
  </tbody>
</table>
</div>
% else:
<p>No message has come so far.</p>
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
      <td data-label="Sent">${at(topic.sent)}</td>
      <td data-label="Handled">${at(topic.handled)}</td>
      <td class="said" data-label="Message"><code>${topic.id}</code></td>
    </tr>
  % endfor
  </tbody>
</table>
</div>
% endif

<h2 id="drift">Lost messages</h2>
% if drifts:
<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-drift">
<table class="stacked">
  <caption id="caption-drift">The latest entries that were not as upstream said, and of which no message told</caption>
  <thead>
    <tr><th scope="col">Found</th><th scope="col">Query</th><th scope="col">Package</th><th scope="col">Was fetched</th>
      <th scope="col">Difference</th><th scope="col">Should have come on</th><th scope="col">Found by</th></tr>
  </thead>
  <tbody>
  % for drift in drifts:
    <tr>
      <td data-label="Found">${at(drift["found"])}</td>
      <td data-label="Query">${drift["query"]}</td>
      <td data-label="Package">${drift["package"]} ${drift["variant"]}</td>
      <td data-label="Was fetched">${at(drift["fetched"])}</td>
      <td data-label="Difference">
        <ul class="differences">
        % for difference in drift["differences"]:
          <li>${difference}</li>
        % endfor
        </ul>
      </td>
      <td data-label="Should have come on">${", ".join(drift["topics"])}</td>
      <td data-label="Found by">${drift["by"]}</td>
    </tr>
  % endfor
  </tbody>
</table>
</div>
% else:
<p>None was found so far.</p>
% endif
