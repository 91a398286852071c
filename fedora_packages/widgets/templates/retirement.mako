## Why a package is retired.
% if reason:
<blockquote><p class="lines">${reason}</p></blockquote>
<p>So says dist-git on ${branch}.</p>
% elif is_known:
<p>No active release has this package.  dist-git gives no reason on ${branch}.</p>
% else:
<p>No active release has this package.  <span class="unknown">Why is not known at the moment.</span></p>
% endif
