## The spec file of a branch.
% if text is not None:
<pre class="source" tabindex="0">${text}</pre>
% if missing > 0:
<p>${missing} more characters are in dist-git.</p>
% endif
% elif dead:
<p>The package is retired on ${branch}: ${dead}</p>
% else:
<p>There is no spec file on ${branch}.</p>
% endif
