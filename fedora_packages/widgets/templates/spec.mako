## The spec file of a branch.
% if text is not None:
% if is_autorelease and is_autochangelog:
<p>Release and changelog are made from the commits, by rpmautospec.</p>
% elif is_autorelease:
<p>The release is counted from the commits, by rpmautospec.</p>
% elif is_autochangelog:
<p>The changelog is made from the commits, by rpmautospec.</p>
% endif
${source(highlight(text))}
% if missing > 0:
<p>${missing} more characters are in dist-git.</p>
% endif
% elif dead:
<p>The package is retired on ${branch}: ${dead}</p>
% else:
<p>There is no spec file on ${branch}.</p>
% endif

## The lines of a spec file, numbered and colored.
<%def name="source(highlighted)">\
<pre class="source" tabindex="0">\
% for line in highlighted.lines:
<a class="line" id="L${loop.index + 1}" href="#L${loop.index + 1}" tabindex="-1" aria-label="line ${loop.index + 1}"></a>\
% for token, part in line:
% if token:
<span class="${token}">${part}</span>\
% else:
${part}\
% endif
% endfor

% endfor
${highlighted.rest}</pre>\
</%def>
