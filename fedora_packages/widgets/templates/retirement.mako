## Why a package is retired.
% if reason:
<blockquote><p class="lines">${reason}</p></blockquote>
<p>So says dist-git on ${branch}.</p>
% else:
<p>No active release has this package.  dist-git gives no reason on ${branch}.</p>
% endif
