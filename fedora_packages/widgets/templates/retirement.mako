## The releases in which a package is retired, and why.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
% for notice in notices:
<div class="notice">
  <p><strong>Retired in ${", ".join(notice["releases"])}</strong>\
  % if notice["when"] is not None:
 since ${parts.date(notice["when"])}\
  % endif
  % if notice["who"]:
 by ${notice["who"]}\
  % endif
</p>
  % if notice["reason"]:
  <blockquote><p class="lines">${notice["reason"]}</p></blockquote>
  % endif
</div>
% endfor
% if package.is_retired and not notices:
<p>No active release has this package.
  % if is_known:
  dist-git has no reason.
  % else:
  <span class="unknown">The reason is currently unknown.</span>
  % endif
</p>
% endif
% if leaving:
<p>The repositories of ${", ".join(leaving)} have the last build until their next compose.</p>
% endif
% if staying:
<p>Released builds stay in the repositories of ${", ".join(staying)}.</p>
% endif
<dl>
  % if successors:
  <dt>Replaced by</dt>
  <dd>${names(successors)}, which ${"obsoletes" if len(successors) == 1 else "obsolete"} it</dd>
  % elif named:
  <dt>See</dt>
  <dd>${names(named)}</dd>
  % endif
  % if is_removed:
  <dt>On upgrades</dt>
  <dd>removed</dd>
  % endif
  % if remaining:
  <dt>Still in</dt>
  <dd>${", ".join(remaining)}</dd>
  % endif
</dl>
<%def name="names(found)">\
% for name in found:
${"" if loop.first else ", "}<a href="${request.route_path('package', package=name)}">${name}</a>\
% endfor
</%def>
