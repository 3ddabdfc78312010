var $o=(r,e)=>(e=Symbol[r])?e:Symbol.for("Symbol."+r),Co=r=>{throw TypeError(r)};var Ve=Uint8Array.fromBase64||(()=>{for(var r=new Uint8Array(128),e=0;e<64;e++)r[e<26?e+65:e<52?e+71:e<62?e-4:e*4-205]=e;return t=>{for(var n=t.length,o=new Uint8Array((n-(t[n-1]=="=")-(t[n-2]=="="))*3/4|0),s=0,a=0;s<n;){var i=r[t.charCodeAt(s++)],u=r[t.charCodeAt(s++)],c=r[t.charCodeAt(s++)],d=r[t.charCodeAt(s++)];o[a++]=i<<2|u>>4,o[a++]=u<<4|c>>2,o[a++]=c<<6|d}return o}})(),Fo=(r,e,t)=>{if(e!=null){typeof e!="object"&&typeof e!="function"&&Co("Object expected");var n,o;t&&(n=e[$o("asyncDispose")]),n===void 0&&(n=e[$o("dispose")],t&&(o=n)),typeof n!="function"&&Co("Object not disposable"),o&&(n=function(){try{o.call(this)}catch(s){return Promise.reject(s)}}),r.push([t,n,e])}else t&&r.push([t]);return e},No=(r,e,t)=>{var n=typeof SuppressedError=="function"?SuppressedError:function(a,i,u,c){return c=Error(u),c.name="SuppressedError",c.error=a,c.suppressed=i,c},o=a=>e=t?new n(a,e,"An error was suppressed during disposal"):(t=!0,a),s=a=>{for(;a=r.pop();)try{var i=a[1]&&a[1].call(a[2]);if(a[0])return Promise.resolve(i).then(s,u=>(o(u),s()))}catch(u){o(u)}if(t)throw e};return s()};function y(){let r,e;return{promise:new Promise((n,o)=>{r=n,e=o}),resolve:r,reject:e}}var de=class extends Error{code;constructor(e,t,n){super(t,n),this.name=new.target.name,this.code=e}};var M=class extends de{},S=class extends de{};var B=class extends de{},pt=class extends de{};var Vt=class extends de{};function Kt(r,{begun:e,answer:t,phase:n,goOn:o=!0}){if(!t||!o)return!1;let s=r.at(-1);return s===void 0?e&&n.open:s.role==="assistant"&&!s.calls?.length&&s.content!==""}var ae="</think>",gn={open:!1,thinking:!1},Io={system:"System",user:"User",assistant:"Assistant",tool:"User"};function bn(r,e,t){let n=r.map(({role:s,content:a,reasoning:i=""})=>{let u=i===""?"":`<think>
${i}
${ae}
`,c=Yt(u+a);return`${Io[s]}:${c===""?"":` ${c}`}

`}),o=t||Qt(r);return{text:wn(e,`

`)+n.join("")+(o?`${Io.assistant}:`:""),phase:{open:o,thinking:!1}}}function Qt(r){let e=r.at(-1)?.role;return e==="user"||e==="tool"}function wn({open:r,thinking:e},t){return(e?`
${ae}`:"")+(r?t:"")}function Wo(r,e,t=`

`){return e===""?r:{open:t.trim()===""?!e.endsWith(t):!e.trimEnd().endsWith(t.trim()),thinking:r.thinking&&!e.includes(ae)}}function Yt(r){return r.replaceAll(`\r
`,`
`).replaceAll(/\n{2,}/g,`
`).trim()}var qt=class{#e;constructor(e){this.#e=!e}trim(e){return this.#e||e===""?e:(this.#e=!0,e.startsWith(" ")?e.slice(1):e)}};var zo={none:"",minimal:"",low:" (think a bit)",medium:" (think)",high:" (think a lot)"};function Xt(r,e){let t=r.at(-1);return t?.role!=="user"||zo[e]===""?r:[...r.slice(0,-1),{...t,content:t.content.trimEnd()+zo[e]}]}var xn="<think",Jt=class{#e;#t="";constructor(e){this.#e={none:"answer",opened:"opening",closed:"closing",maybe:"perhaps"}[e]}get thinking(){return this.#e==="opening"||this.#e==="thought"}push(e){this.#t+=e;let t="";if(this.#e==="perhaps"){let o=this.#t.trimStart();o.startsWith(xn)?(this.#t=o.slice(xn.length),this.#e="opening"):xn.startsWith(o)||(this.#e="answer")}if(this.#e==="opening"&&this.#r(/^>?\s*/,"thought"),this.#e==="thought"){let o=this.#t.indexOf(ae),s=o>=0?o:wu(this.#t);t=this.#t.slice(0,s),this.#t=this.#t.slice(s),o>=0&&(t=t.trimEnd(),this.#t=this.#t.slice(ae.length-1),this.#e="closing")}if(this.#e==="closing"&&this.#r(/^>?\s*/,"answer"),this.#e!=="answer")return{reasoning:t,text:""};let n=this.#t;return this.#t="",{reasoning:t,text:n}}finish(){let e=this.#t;switch(this.#t="",this.#e){case"thought":return{reasoning:e.trimEnd(),text:""};case"perhaps":return{reasoning:"",text:e};default:return{reasoning:"",text:""}}}#r(e,t){this.#t=this.#t.replace(e,""),this.#t!==""&&(this.#e=t)}};function wu(r){for(let e=Math.min(r.length,ae.length);e>0;e--)if(ae.startsWith(r.slice(-e)))return r.slice(0,-e).trimEnd().length;return r.trimEnd().length}var Go="```json\n",vn="\n```",An={before:Go,after:vn},fe={system:"### System",user:"### User",assistant:"### Assistant",tool:"### Tool Output"},mt={before:"**Tool Call:**\n```json\n",after:vn};function xu(r,e){if(e.length===0)return r;let t=`Tools:
${e.map(Au).join(`
`)}
Return only a JSON function call.`,[n,...o]=r;return n?.role==="system"?[{...n,content:`${n.content}
${t}`},...o]:[{role:"system",content:t},...r]}function Ho(r,e,t=!1){let n=[],o=!1;for(let{role:s,content:a,reasoning:i,calls:u=[]}of r){let c=n.at(-1);if(t&&(s==="tool"||s==="user")&&o&&c!==void 0){let l=s==="tool"?jo(a):a;n[n.length-1]={...c,content:`${c.content}
${l}`};continue}o=s==="tool",n.push({role:o?"user":s,content:o?jo(a):vu(a,u),...i!==void 0&&{reasoning:i}})}return xu(n,e)}function vu(r,e){return e.length===0?r:r.trim()===""?Zt(e):`${r.trimEnd()}
${Zt(e)}`}function Au({name:r,description:e,parameters:t}){let{properties:n}=t,o=Object.entries(n??{}).map(([a,i])=>{let{type:u="any"}=i??{};return`${a}: ${Array.isArray(u)?u.join(" | "):u}`}),s=e?`: ${e}`:"";return`- ${r}(${o.join(", ")})${s}`}function Vo(r){return[...r.map(({name:n,description:o,parameters:s})=>[`### \`${n}\``,...o?[`**Description:** ${o}`]:[],"**Parameters:**",Go+JSON.stringify(s,null,2)+vn]).flat(),"A call of a tool is written like this:",mt.before+'{"name": "NAME", "arguments": {"KEY": "VALUE"}}'+mt.after].join(`
`)}function Zt(r,{before:e,after:t}=An){let n=r.map(({name:o,arguments:s})=>({name:o,arguments:s}));return e+JSON.stringify(n.length===1?n[0]:n)+t}function jo(r){return`Function output:
${r}`}var Ko=`${`

`}User:`,Tu={none:"",minimal:` <think>
</think`,low:" <think",medium:" <think",high:" <think"},ku={none:"none",minimal:"closed",low:"opened",medium:"opened",high:"opened"},yt=class{name;thinks;end=`

`;calls=An;constructor(e,t){this.name=e,t!==void 0&&(this.thinks=t)}open(e,t){let{phase:n,begun:o,tell:s,answer:a,tools:i=[]}=t,c=Ho(e,o&&!s?[]:i);if(Kt(c,t))return Promise.resolve(this.#e(c,t));let d=this.thinks===!1?"none":t.effort,l=bn(Xt(c,d),n,a),f=d==="none";return Promise.resolve({prompt:l.text+(l.phase.open?Tu[d]:""),phase:l.phase,space:f&&l.phase.open,thought:l.phase.open?ku[d]:"none",ends:[f?{text:`

`,kept:!0}:{text:Ko,kept:!1}]})}#e(e,{phase:t}){let n=e.at(-1);if(n===void 0)return Tn(t,Ko,`

`);let o=bn(e.slice(0,-1),t,!0);return{prompt:`${o.text} ${Su(n.content)}`,phase:o.phase,space:!1,thought:"none",ends:[{text:`

`,kept:!0}]}}};function Tn({thinking:r},e,t){return{prompt:"",phase:{open:!0,thinking:r},space:!1,thought:r?"opened":"none",ends:[r&&t.trim()===""?{text:e,kept:!1}:{text:t,kept:!0}]}}function Su(r){let[e=""]=/[ \t]*$/.exec(r)??[];return Yt(r)+(Yt(r)===""?"":e)}var ie="\u273F",Eu={system:"System",user:"User",assistant:"Bot",tool:"User"},kn=class{name="flower";thinks=!0;end=ie;calls=mt;open(e,t){let{tools:n=[]}=t,o=n.length>0||e.some(({role:s,calls:a})=>s==="tool"||a?.length);return Promise.resolve(o?this.#t(e,t):this.#e(e,t))}#e(e,t){let{phase:n,begun:o,answer:s,effort:a}=t,i=Xt(e,a),u=wn(n,ie)+(o?`
`:""),c=i.map(Ru).join(`
`),d={space:!1,ends:[{text:ie,kept:!0}]};if(Kt(i,t))return i.at(-1)===void 0?Tn(n,ie,ie):{...d,prompt:u+c.slice(0,c.lastIndexOf(ie)),phase:{open:!0,thinking:!1},thought:"none"};let l=s||Qt(i),f=qo[a];return{...d,prompt:u+c+(l?`${c===""?"":`
`}Bot${ie}${f}`:""),phase:{open:l,thinking:!1},thought:l?Qo[a]:"none"}}#t(e,t){let{phase:n,begun:o,tell:s,answer:a,effort:i,tools:u=[]}=t,c=o&&!s?[]:u,d=Xt(e,i),l=_u(d,c),f=a||Qt(d),p=Kt(d,t);if(p&&d.length===0)return{...Tn(n,fe.user,fe.user),ends:Yo};let h=(n.thinking?`
${ae}`:"")+(o?`
`:""),m=f&&!p?[`${fe.assistant}
${qo[i]}`]:[];return{prompt:h+[...l,...m].join(`
`),phase:{open:f,thinking:!1},space:!1,thought:f&&!p?Qo[i]:"none",ends:Yo}}},qo={none:"<think></think>",minimal:"<think></think>",low:"<think",medium:"<think",high:"<think"},Qo={none:"closed",minimal:"closed",low:"opened",medium:"opened",high:"opened"},Yo=[fe.user,fe.tool,fe.system].map(r=>({text:`
${r}`,kept:!1}));function Ru({role:r,content:e,reasoning:t=""}){let n=t===""?"":`<think>${t}${ae}`;return Eu[r]+ie+n.replaceAll(ie,"")+Sn(r,e)+ie}function Sn(r,e){let t=e.replaceAll(ie,"").replaceAll(/\r\n?/g,`
`).replaceAll(/[ \t]+\n/g,`
`).trimEnd();return r==="user"?t.replaceAll(/\n{2,}/g,`
`):t}function _u(r,e){let t=r.findIndex(({role:i})=>i!=="system"),n=r.slice(0,t<0?r.length:t),o=e.length===0?[]:[Vo(e)],s=[...n.map(({content:i})=>Sn("system",i)),...o],a=r.slice(n.length).map(i=>{let{role:u,content:c,calls:d=[]}=i;return u==="tool"?[fe.tool,"```json",Pu(c),"```"]:[fe[u],...c===""?[]:[Sn(u,c)],...d.map(l=>Zt([l],mt))]});return[...s.length>0?[fe.system,...s]:[],...a.flat()]}function Pu(r){try{return JSON.stringify(JSON.parse(r),null,2)}catch{return JSON.stringify(r)}}var Jo=new yt("world"),gp={world:new yt("world",!1),g1:new yt("g1",!0),flower:new kn};function gt(r,e){try{let t=new TextDecoder("utf-8",{fatal:!0,ignoreBOM:!0});return e.encode(t.decode(r))}catch(t){if(!(t instanceof TypeError))throw t;return[...r].map(n=>Mu(n,e))}}function Mu(r,e){for(let t=0;t<e.size;t++){let n=e.bytes(t);if(n.length===1&&n[0]===r)return t}throw new RangeError(`Cannot encode byte ${r}: it is no token`)}function D({L:r,D:e}){return r*e*66}function Q(r){return Array.from(r,e=>e.toString(16).padStart(2,"0")).join("")}var Uu=ArrayBuffer,N=Uint8Array,er=Uint16Array,Bu=Int16Array;var tr=Int32Array,En=function(r,e,t){if(N.prototype.slice)return N.prototype.slice.call(r,e,t);(e==null||e<0)&&(e=0),(t==null||t>r.length)&&(t=r.length);var n=new N(t-e);return n.set(r.subarray(e,t)),n},wt=function(r,e,t,n){if(N.prototype.fill)return N.prototype.fill.call(r,e,t,n);for((t==null||t<0)&&(t=0),(n==null||n>r.length)&&(n=r.length);t<n;++t)r[t]=e;return r},Ou=function(r,e,t,n){if(N.prototype.copyWithin)return N.prototype.copyWithin.call(r,e,t,n);for((t==null||t<0)&&(t=0),(n==null||n>r.length)&&(n=r.length);t<n;)r[e++]=r[t++]};var Du=["invalid zstd data","window size too large (>2046MB)","invalid block type","FSE accuracy too high","match distance too far back","unexpected EOF"],L=function(r,e,t){var n=new Error(e||Du[r]);if(n.code=r,Error.captureStackTrace&&Error.captureStackTrace(n,L),!t)throw n;return n},Xo=function(r,e,t){for(var n=0,o=0;n<t;++n)o|=r[e++]<<(n<<3);return o},Lu=function(r,e){return(r[e]|r[e+1]<<8|r[e+2]<<16|r[e+3]<<24)>>>0},$u=function(r,e){var t=r[0]|r[1]<<8|r[2]<<16;if(t==3126568&&r[3]==253){var n=r[4],o=n>>5&1,s=n>>2&1,a=n&3,i=n>>6;n&8&&L(0);var u=6-o,c=a==3?4:a,d=Xo(r,u,c);u+=c;var l=i?1<<i:o,f=Xo(r,u,l)+(i==1&&256),p=f;if(!o){var h=1<<10+(r[5]>>3);p=h+(h>>3)*(r[5]&7)}p>2145386496&&L(1);var m=new N((e==1?f||p:e?0:p)+12);return m[0]=1,m[4]=4,m[8]=8,{b:u+l,y:0,l:0,d,w:e&&e!=1?e:m.subarray(12),e:p,o:new tr(m.buffer,0,3),u:f,c:s,m:Math.min(131072,p)}}else if((t>>4|r[3]<<20)==25481893)return Lu(r,4)+8;L(0)},De=function(r){for(var e=0;1<<e<=r;++e);return e-1},xt=function(r,e,t){var n=(e<<3)+4,o=(r[e]&15)+5;o>t&&L(3);for(var s=1<<o,a=s,i=-1,u=-1,c=-1,d=s,l=new Uu(512+(s<<2)),f=new Bu(l,0,256),p=new er(l,0,256),h=new er(l,512,s),m=512+(s<<1),b=new N(l,m,s),v=new N(l,m+s);i<255&&a>0;){var w=De(a+1),g=n>>3,x=(1<<w+1)-1,A=(r[g]|r[g+1]<<8|r[g+2]<<16)>>(n&7)&x,T=(1<<w)-1,P=x-a-1,_=A&T;if(_<P?(n+=w,A=_):(n+=w+1,A>T&&(A-=P)),f[++i]=--A,A==-1?(a+=A,b[--d]=i):a-=A,!A)do{var F=n>>3;u=(r[F]|r[F+1]<<8)>>(n&7)&3,n+=2,i+=u}while(u==3)}(i>255||a)&&L(0);for(var $=0,W=(s>>1)+(s>>3)+3,G=s-1,j=0;j<=i;++j){var U=f[j];if(U<1){p[j]=-U;continue}for(c=0;c<U;++c){b[$]=j;do $=$+W&G;while($>=d)}}for($&&L(0),c=0;c<s;++c){var R=p[b[c]]++,I=v[c]=o-De(R);h[c]=(R<<I)-s}return[n+7>>3,{b:o,s:b,n:v,t:h}]},Cu=function(r,e){var t=0,n=-1,o=new N(292),s=r[e],a=o.subarray(0,256),i=o.subarray(256,268),u=new er(o.buffer,268);if(s<128){var c=xt(r,e+1,6),d=c[0],l=c[1];e+=s;var f=d<<3,p=r[e];p||L(0);for(var h=0,m=0,b=l.b,v=b,w=(++e<<3)-8+De(p);w-=b,!(w<f);){var g=w>>3;if(h+=(r[g]|r[g+1]<<8)>>(w&7)&(1<<b)-1,a[++n]=l.s[h],w-=v,w<f)break;g=w>>3,m+=(r[g]|r[g+1]<<8)>>(w&7)&(1<<v)-1,a[++n]=l.s[m],b=l.n[h],h=l.t[h],v=l.n[m],m=l.t[m]}++n>255&&L(0)}else{for(n=s-127;t<n;t+=2){var x=r[++e];a[t]=x>>4,a[t+1]=x&15}++e}var A=0;for(t=0;t<n;++t){var T=a[t];T>11&&L(0),A+=T&&1<<T-1}var P=De(A)+1,_=1<<P,F=_-A;for(F&F-1&&L(0),a[n++]=De(F)+1,t=0;t<n;++t){var T=a[t];++i[a[t]=T&&P+1-T]}var $=new N(_<<1),W=$.subarray(0,_),G=$.subarray(_);for(u[P]=0,t=P;t>0;--t){var j=u[t];wt(G,t,j,u[t-1]=j+i[t]*(1<<P-t))}for(u[0]!=_&&L(0),t=0;t<n;++t){var U=a[t];if(U){var R=u[U];wt(W,t,R,u[U]=R+(1<<P-U))}}return[e,{n:G,b:P,s:W}]},Fu=xt(new N([81,16,99,140,49,198,24,99,12,33,196,24,99,102,102,134,70,146,4]),0,6)[1],Nu=xt(new N([33,20,196,24,99,140,33,132,16,66,8,33,132,16,66,8,33,68,68,68,68,68,68,68,68,36,9]),0,6)[1],Iu=xt(new N([32,132,16,66,102,70,68,68,68,68,36,73,2]),0,5)[1],es=function(r,e){for(var t=r.length,n=new tr(t),o=0;o<t;++o)n[o]=e,e+=1<<r[o];return n},Rn=new N(new tr([0,0,0,0,16843009,50528770,134678020,202050057,269422093]).buffer,0,36),Wu=es(Rn,0),_n=new N(new tr([0,0,0,0,0,0,0,0,16843009,50528770,117769220,185207048,252579084,16]).buffer,0,53),zu=es(_n,3),bt=function(r,e,t){var n=r.length,o=e.length,s=r[n-1],a=(1<<t.b)-1,i=-t.b;s||L(0);for(var u=0,c=t.b,d=(n<<3)-8+De(s)-c,l=-1;d>i&&l<o;){var f=d>>3,p=(r[f]|r[f+1]<<8|r[f+2]<<16)>>(d&7);u=(u<<c|p)&a,e[++l]=t.s[u],d-=c=t.n[u]}(d!=i||l+1!=o)&&L(0)},ju=function(r,e,t){var n=6,o=e.length,s=o+3>>2,a=s<<1,i=s+a;bt(r.subarray(n,n+=r[0]|r[1]<<8),e.subarray(0,s),t),bt(r.subarray(n,n+=r[2]|r[3]<<8),e.subarray(s,a),t),bt(r.subarray(n,n+=r[4]|r[5]<<8),e.subarray(a,i),t),bt(r.subarray(n),e.subarray(i),t)},Gu=function(r,e,t){var n,o=e.b,s=r[o],a=s>>1&3;e.l=s&1;var i=s>>3|r[o+1]<<5|r[o+2]<<13,u=(o+=3)+i;if(a==1)return o>=r.length?void 0:(e.b=o+1,t?(wt(t,r[o],e.y,e.y+=i),t):wt(new N(i),r[o]));if(!(u>r.length)){if(a==0)return e.b=u,t?(t.set(r.subarray(o,u),e.y),e.y+=i,t):En(r,o,u);if(a==2){var c=r[o],d=c&3,l=c>>2&3,f=c>>4,p=0,h=0;d<2?l&1?f|=r[++o]<<4|(l&2&&r[++o]<<12):f=c>>3:(h=l,l<2?(f|=(r[++o]&63)<<4,p=r[o]>>6|r[++o]<<2):l==2?(f|=r[++o]<<4|(r[++o]&3)<<12,p=r[o]>>2|r[++o]<<6):(f|=r[++o]<<4|(r[++o]&63)<<12,p=r[o]>>6|r[++o]<<2|r[++o]<<10)),++o;var m=t?t.subarray(e.y,e.y+e.m):new N(e.m),b=m.length-f;if(d==0)m.set(r.subarray(o,o+=f),b);else if(d==1)wt(m,r[o++],b);else{var v=e.h;if(d==2){var w=Cu(r,o);p+=o-(o=w[0]),e.h=v=w[1]}else v||L(0);(h?ju:bt)(r.subarray(o,o+=p),m.subarray(b),v)}var g=r[o++];if(g){g==255?g=(r[o++]|r[o++]<<8)+32512:g>127&&(g=g-128<<8|r[o++]);var x=r[o++];x&3&&L(0);for(var A=[Nu,Iu,Fu],T=2;T>-1;--T){var P=x>>(T<<1)+2&3;if(P==1){var _=new N([0,0,r[o++]]);A[T]={s:_.subarray(2,3),n:_.subarray(0,1),t:new er(_.buffer,0,1),b:0}}else P==2?(n=xt(r,o,9-(T&1)),o=n[0],A[T]=n[1]):P==3&&(e.t||L(0),A[T]=e.t[T])}var F=e.t=A,$=F[0],W=F[1],G=F[2],j=r[u-1];j||L(0);var U=(u<<3)-8+De(j)-G.b,R=U>>3,I=0,je=(r[R]|r[R+1]<<8)>>(U&7)&(1<<G.b)-1;R=(U-=W.b)>>3;var we=(r[R]|r[R+1]<<8)>>(U&7)&(1<<W.b)-1;R=(U-=$.b)>>3;var z=(r[R]|r[R+1]<<8)>>(U&7)&(1<<$.b)-1;for(++g;--g;){var Ue=G.s[je],xe=G.n[je],Ge=$.s[z],ut=$.n[z],ct=W.s[we],lt=W.n[we];R=(U-=ct)>>3;var dt=1<<ct,Y=dt+((r[R]|r[R+1]<<8|r[R+2]<<16|r[R+3]<<24)>>>(U&7)&dt-1);R=(U-=_n[Ge])>>3;var Be=zu[Ge]+((r[R]|r[R+1]<<8|r[R+2]<<16)>>(U&7)&(1<<_n[Ge])-1);R=(U-=Rn[Ue])>>3;var He=Wu[Ue]+((r[R]|r[R+1]<<8|r[R+2]<<16)>>(U&7)&(1<<Rn[Ue])-1);if(R=(U-=xe)>>3,je=G.t[je]+((r[R]|r[R+1]<<8)>>(U&7)&(1<<xe)-1),R=(U-=ut)>>3,z=$.t[z]+((r[R]|r[R+1]<<8)>>(U&7)&(1<<ut)-1),R=(U-=lt)>>3,we=W.t[we]+((r[R]|r[R+1]<<8)>>(U&7)&(1<<lt)-1),Y>3)e.o[2]=e.o[1],e.o[1]=e.o[0],e.o[0]=Y-=3;else{var C=Y-(He!=0);C?(Y=C==3?e.o[0]-1:e.o[C],C>1&&(e.o[2]=e.o[1]),e.o[1]=e.o[0],e.o[0]=Y):Y=e.o[0]}for(var T=0;T<He;++T)m[I+T]=m[b+T];I+=He,b+=He;var q=I-Y;if(q<0){var H=-q,hn=e.e+q;H>Be&&(H=Be);for(var T=0;T<H;++T)m[I+T]=e.w[hn+T];I+=H,Be-=H,q=0}for(var T=0;T<Be;++T)m[I+T]=m[q+T];I+=Be}if(I!=b)for(;b<m.length;)m[I++]=m[b++];else I=m.length;t?e.y+=I:m=En(m,0,I)}else if(t){if(e.y+=f,b)for(var T=0;T<f;++T)m[T]=m[b+T]}else b&&(m=En(m,b));return e.b=u,m}L(2)}},Zo=function(r,e){if(r.length==1)return r[0];for(var t=new N(e),n=0,o=0;n<r.length;++n){var s=r[n];t.set(s,o),o+=s.length}return t};var ts=(function(){function r(e){this.ondata=e,this.c=[],this.l=0,this.z=0}return r.prototype.push=function(e,t){if(typeof this.s=="number"){var n=Math.min(e.length,this.s);e=e.subarray(n),this.s-=n}var o=e.length,s=o+this.l;if(!this.s){if(t){if(!s){this.ondata(new N(0),!0);return}s<5&&L(5)}else if(s<18){this.c.push(e),this.l=s;return}if(this.l&&(this.c.push(e),e=Zo(this.c,s),this.c=[],this.l=0),typeof(this.s=$u(e))=="number")return this.push(e,t)}if(typeof this.s!="number"){if(s<(this.z||3)){t&&L(5),this.c.push(e),this.l=s;return}if(this.l&&(this.c.push(e),e=Zo(this.c,s),this.c=[],this.l=0),!this.z&&s<(this.z=e[this.s.b]&2?4:3+(e[this.s.b]>>3|e[this.s.b+1]<<5|e[this.s.b+2]<<13))){t&&L(5),this.c.push(e),this.l=s;return}else this.z=0;for(;;){var a=Gu(e,this.s);if(a)this.ondata(a,!1),Ou(this.s.w,0,a.length),this.s.w.set(a,this.s.w.length-a.length);else{t&&L(5);var i=e.subarray(this.s.b);this.s.b=0,this.c.push(i),this.l+=i.length;return}if(this.s.l){var u=e.subarray(this.s.b);this.s=this.s.c*4,this.push(u,t);return}}}else t&&L(5)},r})();var rs=4247762216,Hu=160,Vu=32,rr=2**17,Ku=0,qu=1,ns=9;function os(r){let e=new Uint8Array(Pn(r.length)),t=new DataView(e.buffer);t.setUint32(0,rs,!0),t.setUint8(4,Hu),t.setUint32(5,r.length,!0);let n=ns;for(let o=0;o===0||o<r.length;o+=rr){let s=r.subarray(o,o+rr),a=o+rr>=r.length?1:0,i=s.length>1&&s.every(d=>d===s[0]),u=s.length<<3|(i?qu:Ku)<<1|a;e.set([u,u>>8,u>>16],n);let c=i?s.subarray(0,1):s;e.set(c,n+3),n+=3+c.length}return e.slice(0,n)}function Pn(r){return r+32+3*Math.ceil(r/rr)}function ss(r,e){Qu(r,e);let t=new Uint8Array(e),n=0,o=new ts(s=>{if(n+s.length>e)throw vt(e);t.set(s,n),n+=s.length});try{o.push(r,!0)}catch(s){throw s instanceof B?s:vt(e,s)}if(n!==e)throw new B("ERR_STATE_UNREADABLE",`Cannot decode state: its values decompress to ${n} bytes, expected ${e}`);return t}function Qu(r,e){let t=new DataView(r.buffer,r.byteOffset,r.length);if(r.length<ns||t.getUint32(0,!0)!==rs)throw vt(e);let n=t.getUint8(4);if(n&Vu){let i=[1,2,4,8][n>>6];if((i===1?t.getUint8(5):i===2?t.getUint16(5,!0)+256:i===4?t.getUint32(5,!0):1/0)>e)throw vt(e);return}let o=t.getUint8(5),s=2**(10+(o>>3)),a=Math.max(2**21,2*e);if(s+s/8*(o&7)>a)throw vt(e)}function vt(r,e){return new B("ERR_STATE_UNREADABLE",`Cannot decode state: its compressed values are damaged or exceed ${r} bytes`,{cause:e})}function nr(r,e,t=0){if(typeof Float16Array<"u")return is(e,t,r.length).set(r);Yu(r,e,t)}function Te(r,e,t=0){if(typeof Float16Array<"u")return e.set(is(r,0,r.length),t);Ju(r,e,t)}function ke(r,e){return us(r.getUint16(e,!0))}function is(r,e,t){return new Float16Array(r.buffer,r.byteOffset+2*e,t)}function Yu(r,e,t){let n=new Uint32Array(r.buffer,r.byteOffset,r.length);for(let o=0;o<n.length;o++)e[t+o]=Xu(n[o])}function Ju(r,e,t){for(let n=0;n<r.length;n++)e[t+n]=us(r[n])}function Xu(r){let e=r>>>16&32768,t=r&2147483647;if(t>2139095040)return e|32256;if(t>=1199566848)return e|31744;if(t>=947912704){let o=t-939524096;return e|as(o,13)}if(t<855638016)return e;let n=t>>>23;return e|as(t&8388607|8388608,126-n)}function as(r,e){let t=r>>>e,n=r&(1<<e)-1,o=1<<e-1;return n>o||n===o&&(t&1)===1?t+1:t}function us(r){let e=r&32768?-1:1,t=r>>>10&31,n=r&1023;return t===31?n===0?e*(1/0):NaN:t===0?e*n*2**-24:e*(1024+n)*2**(t-25)}function Le(r,e){let t=$e(r);if(t>=0)throw new B("ERR_STATE_UNREADABLE",`Cannot ${e} state: value ${t} is ${Zu(r,t)}`)}function $e(r){let{buffer:e,byteOffset:t,length:n}=r,o=r instanceof Float32Array,s=o?new Uint32Array(e,t,n):new Uint16Array(e,t,n),a=o?2139095040:31744;for(let i=0;i<s.length;i++)if((s[i]&a)===a)return i;return-1}function Zu(r,e){if(r instanceof Float32Array)return r[e];let t=new Float32Array(1);return Te(r.subarray(e,e+1),t),t[0]}var cs=[40,181,47,253,32,0,1,0,0];function ls(r){let e=Mn(r);return e!==r.length-cs.length?r:cs.every((t,n)=>t===r[e+n])?r.subarray(0,e):r}function Mn(r){let e=new DataView(r.buffer,r.byteOffset,r.byteLength);if(r.length<6||e.getUint32(0,!0)!==4247762216)return;let t=r[4],n=t>>5&1,o=t>>2&1,s=[0,1,2,4][t&3],a=[n,2,4,8][t>>6],i=5+(1-n)+s+a;for(let c=0;c===0;){if(i+3>r.length)return;let d=r[i]|r[i+1]<<8|r[i+2]<<16;c=d&1,i+=3+((d>>1&3)===1?1:d>>3)}let u=i+4*o;return u>r.length?void 0:u}var Un={size:r=>({bytes:Pn(4*D(r)),fixed:!1}),encode:(r,e,t)=>{Le(r,"encode");let n=os(ec(r,e)),o=new Uint8Array(t+n.length).subarray(t);return o.set(n),o},decode:(r,e)=>{let t=ls(r),n=Mn(t);if(n!==t.length)throw new B("ERR_STATE_UNREADABLE",`Cannot decode state: its ${t.length} bytes of compressed values are ${n===void 0?"no frame":`a frame of ${n}`}`);let o=ss(t,4*D(e)),s=tc(o,e);return Le(s,"decode"),s}};function ec(r,{L:e,D:t}){let n=t*64,o=e*n,s=new Uint8Array(4*D({L:e,D:t})),a=new Uint32Array(s.buffer,4*o),i=new Uint32Array(r.buffer,r.byteOffset,r.length),u=0;for(let c=0;c<e;c++){let d=c*t*66,l=d+t,f=l+n;a.set(i.subarray(d,l),c*t),a.set(i.subarray(f,f+t),(e+c)*t);for(let p=l;p<f;p++,u++){let h=i[p];s[u]=h,s[u+o]=h>>>8,s[u+2*o]=h>>>16,s[u+3*o]=h>>>24}}return s}function tc(r,{L:e,D:t}){let n=t*64,o=e*n,s=new Float32Array(D({L:e,D:t})),a=new Uint32Array(s.buffer),i=new Uint32Array(r.buffer,r.byteOffset+4*o,2*e*t),u=0;for(let c=0;c<e;c++){let d=c*t*66,l=d+t,f=l+n;a.set(i.subarray(c*t,(c+1)*t),d),a.set(i.subarray((e+c)*t,(e+c+1)*t),f);for(let p=l;p<f;p++,u++)a[p]=r[u]|r[u+o]<<8|r[u+2*o]<<16|r[u+3*o]<<24}return s}var ds={size:r=>({bytes:2*D(r),fixed:!0}),encode:rc,decode:nc};function rc(r,e,t){let{L:n,D:o}=e,s=o*64,a=new Uint8Array(t+2*r.length).subarray(t),i=new Uint16Array(a.buffer,t);for(let u=0;u<n;u++){let c=u*o*66+o;nr(r.subarray(c,c+s),i,u*s)}return Bn(r,i.subarray(n*s),e),$e(i)>=0?void 0:a}function nc({buffer:r,byteOffset:e},t){let{L:n,D:o}=t,s=o*64,a=new Float32Array(D(t)),i=new Uint16Array(r,e,a.length);Le(i,"decode");for(let u=0;u<n;u++){let c=i.subarray(u*s,(u+1)*s);Te(c,a,u*o*66+o)}return On(i.subarray(n*s),a,t),a}function Bn(r,e,{L:t,D:n}){for(let o=0;o<t;o++){let s=o*n*66,a=s+n*65;nr(r.subarray(s,s+n),e,o*n),nr(r.subarray(a,a+n),e,(t+o)*n)}}function On(r,e,{L:t,D:n}){for(let o=0;o<t;o++){let s=o*n*66,a=s+n*65;Te(r.subarray(o*n,(o+1)*n),e,s),Te(r.subarray((t+o)*n,(t+o+1)*n),e,a)}}var fs=Ve("AGFzbQEAAAABDAJgAn9/AX9gAn9/AAMDAgABBQQBAQgIBxwDBmVuY29kZQAABmRlY29kZQABBm1lbW9yeQIACscyAtAaAxN7BX8BfUEBIAFBAWt0IhVBAWuyIRogFf0RIQMDQCAAIBlLBEAgGUEIdEGAgARqIhj9AARAIQhBgAggGP0ABAAiByAI/Q0AAQIDEBESEwQFBgcUFRYXIgQgGP0ABCAiBiAY/QAEYCIF/Q0AAQIDEBESEwQFBgcUFRYXIgL9DQABAgMQERITBAUGBxQVFhciFCAEIAL9DQgJCgsYGRobDA0ODxwdHh8iE/3kASISIAcgCP0NCAkKCxgZGhsMDQ4PHB0eHyIEIAYgBf0NCAkKCxgZGhsMDQ4PHB0eHyIC/Q0AAQIDEBESEwQFBgcUFRYXIg4gBCAC/Q0ICQoLGBkaGwwNDg8cHR4fIg395AEiDP3kASIRIBj9AAQQIgkgGP0ABFAiCP0NAAECAxAREhMEBQYHFBUWFyIFIBj9AAQwIgYgGP0ABHAiBP0NAAECAxAREhMEBQYHFBUWFyIC/Q0AAQIDEBESEwQFBgcUFRYXIgsgBSAC/Q0ICQoLGBkaGwwNDg8cHR4fIgf95AEiCiAJIAj9DQgJCgsYGRobDA0ODxwdHh8iBSAGIAT9DQgJCgsYGRobDA0ODxwdHh8iAv0NAAECAxAREhMEBQYHFBUWFyIEIAUgAv0NCAkKCxgZGhsMDQ4PHB0eHyIC/eQBIgb95AEiEP3kASIPIBQgE/3lASIJIA4gDf3lASII/eQBIg4gCyAH/eUBIgUgBCAC/eUBIgL95AEiDf3kASIH/Q0AAQIDEBESEwQFBgcUFRYXIgQgEiAM/eUBIgwgCiAG/eUBIgv95AEiBiAJIAj95QEiCiAFIAL95QEiCf3kASIF/Q0AAQIDEBESEwQFBgcUFRYXIgL9DQABAgMEBQYHEBESExQVFhf9CwQAQaAIIAQgAv0NCAkKCwwNDg8YGRobHB0eH/0LBABBwAggDyAH/Q0ICQoLGBkaGwwNDg8cHR4fIgQgBiAF/Q0ICQoLGBkaGwwNDg8cHR4fIgL9DQABAgMEBQYHEBESExQVFhf9CwQAQeAIIAQgAv0NCAkKCwwNDg8YGRobHB0eH/0LBABBkAggESAQ/eUBIgggDiAN/eUBIgf9DQABAgMQERITBAUGBxQVFhciBCAMIAv95QEiBiAKIAn95QEiBf0NAAECAxAREhMEBQYHFBUWFyIC/Q0AAQIDBAUGBxAREhMUFRYX/QsEAEGwCCAEIAL9DQgJCgsMDQ4PGBkaGxwdHh/9CwQAQdAIIAggB/0NCAkKCxgZGhsMDQ4PHB0eHyIEIAYgBf0NCAkKCxgZGhsMDQ4PHB0eHyIC/Q0AAQIDBAUGBxAREhMUFRYX/QsEAEHwCCAEIAL9DQgJCgsMDQ4PGBkaGxwdHh/9CwQAQYAJIBj9AASAASIIIBhBgAFq/QAEQCIH/Q0AAQIDEBESEwQFBgcUFRYXIgQgGP0ABKABIgYgGP0ABOABIgX9DQABAgMQERITBAUGBxQVFhciAv0NAAECAxAREhMEBQYHFBUWFyIUIAQgAv0NCAkKCxgZGhsMDQ4PHB0eHyIT/eQBIhIgCCAH/Q0ICQoLGBkaGwwNDg8cHR4fIgQgBiAF/Q0ICQoLGBkaGwwNDg8cHR4fIgL9DQABAgMQERITBAUGBxQVFhciDiAEIAL9DQgJCgsYGRobDA0ODxwdHh8iDf3kASIM/eQBIhEgGP0ABJABIgkgGP0ABNABIgj9DQABAgMQERITBAUGBxQVFhciBSAY/QAEsAEiBiAY/QAE8AEiBP0NAAECAxAREhMEBQYHFBUWFyIC/Q0AAQIDEBESEwQFBgcUFRYXIgsgBSAC/Q0ICQoLGBkaGwwNDg8cHR4fIgf95AEiCiAJIAj9DQgJCgsYGRobDA0ODxwdHh8iBSAGIAT9DQgJCgsYGRobDA0ODxwdHh8iAv0NAAECAxAREhMEBQYHFBUWFyIEIAUgAv0NCAkKCxgZGhsMDQ4PHB0eHyIC/eQBIgb95AEiEP3kASIPIBQgE/3lASIJIA4gDf3lASII/eQBIg4gCyAH/eUBIgUgBCAC/eUBIgL95AEiDf3kASIH/Q0AAQIDEBESEwQFBgcUFRYXIgQgEiAM/eUBIgwgCiAG/eUBIgv95AEiBiAJIAj95QEiCiAFIAL95QEiCf3kASIF/Q0AAQIDEBESEwQFBgcUFRYXIgL9DQABAgMEBQYHEBESExQVFhf9CwQAQaAJIAQgAv0NCAkKCwwNDg8YGRobHB0eH/0LBABBwAkgDyAH/Q0ICQoLGBkaGwwNDg8cHR4fIgQgBiAF/Q0ICQoLGBkaGwwNDg8cHR4fIgL9DQABAgMEBQYHEBESExQVFhf9CwQAQeAJIAQgAv0NCAkKCwwNDg8YGRobHB0eH/0LBABBkAkgESAQ/eUBIgggDiAN/eUBIgf9DQABAgMQERITBAUGBxQVFhciBCAMIAv95QEiBiAKIAn95QEiBf0NAAECAxAREhMEBQYHFBUWFyIC/Q0AAQIDBAUGBxAREhMUFRYX/QsEAEGwCSAEIAL9DQgJCgsMDQ4PGBkaGxwdHh/9CwQAQdAJIAggB/0NCAkKCxgZGhsMDQ4PHB0eHyIEIAYgBf0NCAkKCxgZGhsMDQ4PHB0eHyIC/Q0AAQIDBAUGBxAREhMUFRYX/QsEAEHwCSAEIAL9DQgJCgsMDQ4PGBkaGxwdHh/9CwQAIBhBgAj9AAQAIhBBoAj9AAQAIgr95AEiD0HACP0ABAAiCUHgCP0ABAAiBP3kASIO/eQBIg1BgAn9AAQAIghBoAn9AAQAIgf95AEiDEHACf0ABAAiBkHgCf0ABAAiAv3kASIF/eQBIgv95AH9DAAAAD4AAAA+AAAAPgAAAD795gH9CwQAIBggECAK/eUBIgogCSAE/eUBIgT95AEiCSAIIAf95QEiCCAGIAL95QEiAv3kASIH/eQB/QwAAAA+AAAAPgAAAD4AAAA+/eYB/QsEICAYIA8gDv3lASIGIAwgBf3lASIF/eQB/QwAAAA+AAAAPgAAAD4AAAA+/eYB/QsEQCAYIAogBP3lASIEIAggAv3lASIC/eQB/QwAAAA+AAAAPgAAAD4AAAA+/eYB/QsEYCAYIA0gC/3lAf0MAAAAPgAAAD4AAAA+AAAAPv3mAf0LBIABIBggCSAH/eUB/QwAAAA+AAAAPgAAAD4AAAA+/eYB/QsEoAEgGCAGIAX95QH9DAAAAD4AAAA+AAAAPgAAAD795gH9CwTAASAYIAQgAv3lAf0MAAAAPgAAAD4AAAA+AAAAPv3mAf0LBOABIBhBEGpBkAj9AAQAIhBBsAj9AAQAIgr95AEiD0HQCP0ABAAiCUHwCP0ABAAiBP3kASIO/eQBIg1BkAn9AAQAIghBsAn9AAQAIgf95AEiDEHQCf0ABAAiBkHwCf0ABAAiAv3kASIF/eQBIgv95AH9DAAAAD4AAAA+AAAAPgAAAD795gH9CwQAIBggECAK/eUBIgogCSAE/eUBIgT95AEiCSAIIAf95QEiCCAGIAL95QEiAv3kASIH/eQB/QwAAAA+AAAAPgAAAD4AAAA+/eYB/QsEMCAYIA8gDv3lASIGIAwgBf3lASIF/eQB/QwAAAA+AAAAPgAAAD4AAAA+/eYB/QsEUCAYIAogBP3lASIEIAggAv3lASIC/eQB/QwAAAA+AAAAPgAAAD4AAAA+/eYB/QsEcCAYIA0gC/3lAf0MAAAAPgAAAD4AAAA+AAAAPv3mAf0LBJABIBggCSAH/eUB/QwAAAA+AAAAPgAAAD4AAAA+/eYB/QsEsAEgGCAGIAX95QH9DAAAAD4AAAA+AAAAPgAAAD795gH9CwTQASAYIAQgAv3lAf0MAAAAPgAAAD4AAAA+AAAAPv3mAf0LBPAB/QwAAAAAAAAAAAAAAAAAAAAAIQRBACEXA0AgF0GAAkkEQCAEIBcgGGr9AAQA/Qz///9/////f////3////9//U79uAEhBCAXQRBqIRcMAQsLIAT9GwAiFiAE/RsBIhUgFSAWSBsiFyAE/RsCIhYgBP0bAyIVIBUgFkgbIhUgFSAXSBsiFUGAgID8B04EQEEADwsgFb4gGpW8IRUgAUEISgR/IBVB/wBqIBVBCHZBAXFqQYB+cQUgFUH//wFqIBVBEHZBAXFqQRB2CyIWIBZBEHQgAUEIShsiFUGAgICMB0sEQEEADwsgGUECdEGAgBRqQQAgFiAVQYCAgOwASSIWGzYCACAVvv0TIQZBACEXA0AgF0HAAEkEQCADIgQhAiAWRQRAIBggF0ECdGoiFf0ABAAgBv3nASIF/WgiAv34ASAFIAL95QH9DAAAAD8AAAA/AAAAPwAAAD/9Rv2xASAE/a4BIQQgFf0ABBAgBv3nASIF/WgiAv34ASAFIAL95QH9DAAAAD8AAAA/AAAAPwAAAD/9Rv2xASAD/a4BIQILIAQgAv2GASECIAFBCEoEQCAZQQd0QYCgFGogF0EBdGogAv0LBAAFIBlBBnRBgKAUaiAXaiACIAL9Zv0dADcDAAsgF0EIaiEXDAELCyAZQQFqIRkMAQsLQQEL8hcCA38Qe0EBIAFBAWt0/REhBQNAIAAgBEsEQCAEQQh0QYCABGohAgJAIARBAnRBgIAUaigCACIDRQRAIAJBAEGAAvwLAAwBCyADIANBEHQgAUEIShu+/RMhBkEAIQMDQCADQcAASQRAIAIgA0ECdGogAUEISgR7IARBB3RBgKAUaiADQQF0av0EAQAFIARBBnRBgKAUaiADav1cAgD9iQH9qQELIAX9sQH9+gEgBv3mAf0LBAAgA0EEaiEDDAELC0GACCAC/QAEACIGIAL9AARAIgf9DQABAgMQERITBAUGBxQVFhciCCAC/QAEICIJIAL9AARgIgr9DQABAgMQERITBAUGBxQVFhciC/0NAAECAxAREhMEBQYHFBUWFyIMIAggC/0NCAkKCxgZGhsMDQ4PHB0eHyII/eQBIgsgBiAH/Q0ICQoLGBkaGwwNDg8cHR4fIgYgCSAK/Q0ICQoLGBkaGwwNDg8cHR4fIgf9DQABAgMQERITBAUGBxQVFhciCSAGIAf9DQgJCgsYGRobDA0ODxwdHh8iBv3kASIH/eQBIgogAv0ABBAiDSAC/QAEUCIO/Q0AAQIDEBESEwQFBgcUFRYXIg8gAv0ABDAiECAC/QAEcCIR/Q0AAQIDEBESEwQFBgcUFRYXIhL9DQABAgMQERITBAUGBxQVFhciEyAPIBL9DQgJCgsYGRobDA0ODxwdHh8iD/3kASISIA0gDv0NCAkKCxgZGhsMDQ4PHB0eHyINIBAgEf0NCAkKCxgZGhsMDQ4PHB0eHyIO/Q0AAQIDEBESEwQFBgcUFRYXIhAgDSAO/Q0ICQoLGBkaGwwNDg8cHR4fIg395AEiDv3kASIR/eQBIhQgDCAI/eUBIgggCSAG/eUBIgb95AEiCSATIA/95QEiDCAQIA395QEiDf3kASIP/eQBIhD9DQABAgMQERITBAUGBxQVFhciEyALIAf95QEiByASIA795QEiC/3kASIOIAggBv3lASIGIAwgDf3lASII/eQBIgz9DQABAgMQERITBAUGBxQVFhciDf0NAAECAwQFBgcQERITFBUWF/0LBABBoAggEyAN/Q0ICQoLDA0ODxgZGhscHR4f/QsEAEHACCAUIBD9DQgJCgsYGRobDA0ODxwdHh8iDSAOIAz9DQgJCgsYGRobDA0ODxwdHh8iDP0NAAECAwQFBgcQERITFBUWF/0LBABB4AggDSAM/Q0ICQoLDA0ODxgZGhscHR4f/QsEAEGQCCAKIBH95QEiCiAJIA/95QEiCf0NAAECAxAREhMEBQYHFBUWFyIMIAcgC/3lASIHIAYgCP3lASIG/Q0AAQIDEBESEwQFBgcUFRYXIgj9DQABAgMEBQYHEBESExQVFhf9CwQAQbAIIAwgCP0NCAkKCwwNDg8YGRobHB0eH/0LBABB0AggCiAJ/Q0ICQoLGBkaGwwNDg8cHR4fIgggByAG/Q0ICQoLGBkaGwwNDg8cHR4fIgb9DQABAgMEBQYHEBESExQVFhf9CwQAQfAIIAggBv0NCAkKCwwNDg8YGRobHB0eH/0LBABBgAkgAv0ABIABIgYgAkGAAWr9AARAIgf9DQABAgMQERITBAUGBxQVFhciCCAC/QAEoAEiCSAC/QAE4AEiCv0NAAECAxAREhMEBQYHFBUWFyIL/Q0AAQIDEBESEwQFBgcUFRYXIgwgCCAL/Q0ICQoLGBkaGwwNDg8cHR4fIgj95AEiCyAGIAf9DQgJCgsYGRobDA0ODxwdHh8iBiAJIAr9DQgJCgsYGRobDA0ODxwdHh8iB/0NAAECAxAREhMEBQYHFBUWFyIJIAYgB/0NCAkKCxgZGhsMDQ4PHB0eHyIG/eQBIgf95AEiCiAC/QAEkAEiDSAC/QAE0AEiDv0NAAECAxAREhMEBQYHFBUWFyIPIAL9AASwASIQIAL9AATwASIR/Q0AAQIDEBESEwQFBgcUFRYXIhL9DQABAgMQERITBAUGBxQVFhciEyAPIBL9DQgJCgsYGRobDA0ODxwdHh8iD/3kASISIA0gDv0NCAkKCxgZGhsMDQ4PHB0eHyINIBAgEf0NCAkKCxgZGhsMDQ4PHB0eHyIO/Q0AAQIDEBESEwQFBgcUFRYXIhAgDSAO/Q0ICQoLGBkaGwwNDg8cHR4fIg395AEiDv3kASIR/eQBIhQgDCAI/eUBIgggCSAG/eUBIgb95AEiCSATIA/95QEiDCAQIA395QEiDf3kASIP/eQBIhD9DQABAgMQERITBAUGBxQVFhciEyALIAf95QEiByASIA795QEiC/3kASIOIAggBv3lASIGIAwgDf3lASII/eQBIgz9DQABAgMQERITBAUGBxQVFhciDf0NAAECAwQFBgcQERITFBUWF/0LBABBoAkgEyAN/Q0ICQoLDA0ODxgZGhscHR4f/QsEAEHACSAUIBD9DQgJCgsYGRobDA0ODxwdHh8iDSAOIAz9DQgJCgsYGRobDA0ODxwdHh8iDP0NAAECAwQFBgcQERITFBUWF/0LBABB4AkgDSAM/Q0ICQoLDA0ODxgZGhscHR4f/QsEAEGQCSAKIBH95QEiCiAJIA/95QEiCf0NAAECAxAREhMEBQYHFBUWFyIMIAcgC/3lASIHIAYgCP3lASIG/Q0AAQIDEBESEwQFBgcUFRYXIgj9DQABAgMEBQYHEBESExQVFhf9CwQAQbAJIAwgCP0NCAkKCwwNDg8YGRobHB0eH/0LBABB0AkgCiAJ/Q0ICQoLGBkaGwwNDg8cHR4fIgggByAG/Q0ICQoLGBkaGwwNDg8cHR4fIgb9DQABAgMEBQYHEBESExQVFhf9CwQAQfAJIAggBv0NCAkKCwwNDg8YGRobHB0eH/0LBAAgAkGACP0ABAAiBkGgCP0ABAAiB/3kASIIQcAI/QAEACIJQeAI/QAEACIK/eQBIgv95AEiDEGACf0ABAAiDUGgCf0ABAAiDv3kASIPQcAJ/QAEACIQQeAJ/QAEACIR/eQBIhL95AEiE/3kAf0MAAAAPgAAAD4AAAA+AAAAPv3mAf0LBAAgAiAGIAf95QEiBiAJIAr95QEiB/3kASIJIA0gDv3lASIKIBAgEf3lASIN/eQBIg795AH9DAAAAD4AAAA+AAAAPgAAAD795gH9CwQgIAIgCCAL/eUBIgggDyAS/eUBIgv95AH9DAAAAD4AAAA+AAAAPgAAAD795gH9CwRAIAIgBiAH/eUBIgYgCiAN/eUBIgf95AH9DAAAAD4AAAA+AAAAPgAAAD795gH9CwRgIAIgDCAT/eUB/QwAAAA+AAAAPgAAAD4AAAA+/eYB/QsEgAEgAiAJIA795QH9DAAAAD4AAAA+AAAAPgAAAD795gH9CwSgASACIAggC/3lAf0MAAAAPgAAAD4AAAA+AAAAPv3mAf0LBMABIAIgBiAH/eUB/QwAAAA+AAAAPgAAAD4AAAA+/eYB/QsE4AEgAkEQakGQCP0ABAAiBkGwCP0ABAAiB/3kASIIQdAI/QAEACIJQfAI/QAEACIK/eQBIgv95AEiDEGQCf0ABAAiDUGwCf0ABAAiDv3kASIPQdAJ/QAEACIQQfAJ/QAEACIR/eQBIhL95AEiE/3kAf0MAAAAPgAAAD4AAAA+AAAAPv3mAf0LBAAgAiAGIAf95QEiBiAJIAr95QEiB/3kASIJIA0gDv3lASIKIBAgEf3lASIN/eQBIg795AH9DAAAAD4AAAA+AAAAPgAAAD795gH9CwQwIAIgCCAL/eUBIgggDyAS/eUBIgv95AH9DAAAAD4AAAA+AAAAPgAAAD795gH9CwRQIAIgBiAH/eUBIgYgCiAN/eUBIgf95AH9DAAAAD4AAAA+AAAAPgAAAD795gH9CwRwIAIgDCAT/eUB/QwAAAA+AAAAPgAAAD4AAAA+/eYB/QsEkAEgAiAJIA795QH9DAAAAD4AAAA+AAAAPgAAAD795gH9CwSwASACIAggC/3lAf0MAAAAPgAAAD4AAAA+AAAAPv3mAf0LBNABIAIgBiAH/eUB/QwAAAA+AAAAPgAAAD4AAAA+/eYB/QsE8AELIARBAWohBAwBCwsL");var ps=new WebAssembly.Module(fs);var Ke=1024,Dn=65536,or=new WebAssembly.Instance(ps).exports,{buffer:At}=or.memory,Tt=new Float32Array(At,Dn,Ke*64),sr=new Uint32Array(At,Dn+Tt.byteLength,Ke),ms=Dn+Tt.byteLength+sr.byteLength,kt=new Uint8Array(At,ms,Ke*64),Ln=new Uint16Array(At,ms,Ke*64);function $n(){new Uint8Array(At).fill(0)}function ar(r,e){return r*64*e/8}function hs(r,e,t,n,o,s,a){let i=o+s*ar(1,t);switch(t){case 4:for(let u=0;u<64;u+=2)n[i++]=r[e+u]|r[e+u+1]<<4;return;case 6:for(let u=0;u<64;u+=4){let c=r[e+u]|r[e+u+1]<<6|r[e+u+2]<<12|r[e+u+3]<<18;n[i++]=c,n[i++]=c>>>8,n[i++]=c>>>16}return;case 8:for(let u=0;u<64;u++)n[i++]=r[e+u];return;case 10:{let u=o+s*64,c=o+a*64+s*64/4;for(let d=0;d<64;d+=4){let l=r[e+d],f=r[e+d+1],p=r[e+d+2],h=r[e+d+3];n[u++]=l>>>2,n[u++]=f>>>2,n[u++]=p>>>2,n[u++]=h>>>2,n[c++]=l&3|(f&3)<<2|(p&3)<<4|(h&3)<<6}}}}function ys(r,e,t,n,o,s,a){let i=o+s*ar(1,t);switch(t){case 4:for(let u=0;u<64;u+=2){let c=n[i++];r[e+u]=c&15,r[e+u+1]=c>>>4}return;case 6:for(let u=0;u<64;u+=4){let c=n[i++]|n[i++]<<8|n[i++]<<16;r[e+u]=c&63,r[e+u+1]=c>>>6&63,r[e+u+2]=c>>>12&63,r[e+u+3]=c>>>18}return;case 8:for(let u=0;u<64;u++)r[e+u]=n[i++];return;case 10:{let u=o+s*64,c=o+a*64+s*64/4;for(let d=0;d<64;d+=4){let l=n[c++];r[e+d]=n[u++]<<2|l&3,r[e+d+1]=n[u++]<<2|l>>>2&3,r[e+d+2]=n[u++]<<2|l>>>4&3,r[e+d+3]=n[u++]<<2|l>>>6}}}}var sc=2**-100,ac=2**100;function St(r){return{size:e=>({bytes:Cn(e,r).end,fixed:!0}),encode:(e,t,n)=>ic(e,t,r,n),decode:(e,t)=>uc(e,t,r)}}function Cn({L:r,D:e},t){let n=r*e*(t>8?4:2),o=n+ar(r*e,t);return{fields:n,shifts:o,end:o+4*r*e}}function ic(r,e,t,n){let{L:o,D:s}=e,a=o*s,{fields:i,shifts:u,end:c}=Cn(e,t),d=new Uint8Array(n+c).subarray(n),l=new Uint16Array(d.buffer,n+u);if(Bn(r,l,e),$e(l)>=0)return;let f=ws(d,a,t);try{for(let p=0;p<a;){let h=bs(p,a,s),m=gs(p,s);if(Tt.set(r.subarray(m,m+h*64)),!or.encode(h,t))return;f.set(sr.subarray(0,h),p),lc(t,d,i,p,h,a),p+=h}}finally{$n()}return d}function uc(r,e,t){let{L:n,D:o}=e,s=n*o,{fields:a,shifts:i}=Cn(e,t),{buffer:u,byteOffset:c}=r,d=new Float32Array(D(e)),l=new Uint16Array(u,c+i,2*s);Le(l,"decode"),On(l,d,e);let f=ws(r,s,t);cc(f,t);try{for(let p=0;p<s;){let h=bs(p,s,o),m=gs(p,o);sr.set(f.subarray(p,p+h)),dc(t,r,a,p,h,s),or.decode(h,t),d.set(Tt.subarray(0,h*64),m),p+=h}}finally{$n()}return d}function gs(r,e){let t=Math.floor(r/e);return r*64+(2*t+1)*e}function bs(r,e,t){return Math.min(Ke,e-r,t-r%t)}function cc(r,e){for(let[t,n]of r.entries()){let o=pc(n,e);if(!(o===0||o>=sc&&o<=ac))throw new B("ERR_STATE_UNREADABLE",`Cannot decode state: the scale of row ${t} is ${o}`)}}function lc(r,e,t,n,o,s){if(r===8){e.set(kt.subarray(0,o*64),t+n*64);return}let a=r>8?Ln:kt;for(let i=0;i<o;i++)hs(a,i*64,r,e,t,n+i,s)}function dc(r,e,t,n,o,s){if(r===8){let i=t+n*64;kt.set(e.subarray(i,i+o*64));return}let a=r>8?Ln:kt;for(let i=0;i<o;i++)ys(a,i*64,r,e,t,n+i,s)}function ws({buffer:r,byteOffset:e},t,n){return n>8?new Uint32Array(r,e,t):new Uint16Array(r,e,t)}var xs=new Float32Array(1),fc=new Uint32Array(xs.buffer);function pc(r,e){return fc[0]=e>8?r:r<<16,xs[0]}var Fn={exact:Un,f16:ds,int10:St(10),int8:St(8),int6:St(6),int4:St(4)},ir=["exact","f16","int10","int8","int6","int4"];function Nn(r,e){return Fn[r].size(e)}function vs(r,e,t,n=0){let o=D(t);if(r.length!==o)throw new RangeError(`Cannot encode state: it has ${r.length} values, expected ${o}`);let s=Fn[e].encode(r,t,n);return s!==void 0?{codec:e,bytes:s}:{codec:"exact",bytes:Un.encode(r,t,n)}}function As(r,e,t){let n=Nn(e,t);if(!(n.fixed?r.length===n.bytes:r.length<=n.bytes))throw new B("ERR_STATE_UNREADABLE",`Cannot decode state: ${r.length} bytes of ${e} values, expected ${n.fixed?"":"at most "}${n.bytes}`);let s=r.byteOffset%4===0?r:r.slice();return Fn[e].decode(s,t)}var Et=128,qe=new TextEncoder().encode("GOSLING\0"),In=1,Se=32,Rt=4096,mc=2**28,hc=2**48;function ur(r){let e=Et+4*r.unread,t=e+8*r.counts,n=t+r.utf8,o=n+r.engine,s=4*Math.ceil((o+r.device)/4),a=s+r.values;return{unread:Et,counts:e,utf8:t,engine:n,device:o,values:s,end:a}}function Ts(r,e){let t=new DataView(r.buffer,r.byteOffset,Et),{chat:n,sizes:o,L:s,D:a}=e;r.set(qe),t.setUint16(8,In,!0),t.setUint8(10,ir.indexOf(e.codec)),t.setUint8(11,Number(n.open)|Number(n.thinking)<<1),t.setUint32(12,s,!0),t.setUint32(16,a,!0),t.setUint32(20,r.length,!0),t.setBigUint64(24,BigInt(e.position),!0),r.set(e.fingerprint,32),r.set(e.chain,64),t.setUint32(96,e.seed[0],!0),t.setUint32(100,e.seed[1],!0),t.setUint32(104,o.unread,!0),t.setUint32(108,o.counts,!0),t.setUint8(112,o.utf8),t.setUint8(113,o.engine),t.setUint8(114,o.device),t.setUint32(116,o.values,!0),t.setUint32(120,4*D({L:s,D:a}),!0),t.setUint32(124,n.told??0,!0)}function ks(r,e=mc){Ce(r.length>=Et,`${r.length} bytes, expected at least ${Et}`);let t=new DataView(r.buffer,r.byteOffset,r.byteLength),n=r.subarray(0,qe.length);Ce(qe.every((m,b)=>m===n[b]),`byte 0 begins ${Q(n)}, expected ${Q(qe)}`);let o=t.getUint16(8,!0);Ce(o===In,`version is ${o}, expected ${In}`);let s=ir[J(t,"u8",10,"codec",{most:ir.length-1})],a=J(t,"u8",11,"chat phase",{most:3}),i=J(t,"u32",12,"L",{least:1}),u=J(t,"u32",16,"D",{least:64});Ce(u%64===0,`D at byte 16 is ${u}, expected a multiple of ${64}`);let c=4*D({L:i,D:u});J(t,"u32",20,"length",{only:r.length});let d=t.getBigUint64(24,!0);Ce(d<=hc,`position at byte 24 is ${d}, expected at most 2^48`),J(t,"u8",115,"reserved byte",{only:0}),J(t,"u32",120,"size of decoded values",{only:c}),Ce(c<=e,`values would take ${c} bytes, expected at most ${e}`);let l=t.getUint32(124,!0),f=Nn(s,{L:i,D:u}),p={unread:J(t,"u32",104,"number of unread tokens",{most:Rt}),counts:J(t,"u32",108,"number of counts"),utf8:J(t,"u8",112,"number of UTF-8 bytes",{most:3}),engine:J(t,"u8",113,"length of engine"),device:J(t,"u8",114,"length of device"),values:J(t,"u32",116,`size of ${s} values`,{least:f.fixed?f.bytes:1,most:f.bytes})},{end:h}=ur(p);return Ce(h===r.length,`sections end at byte ${h}, expected ${r.length}`),{codec:s,chat:{open:(a&1)!==0,thinking:(a&2)!==0,...l!==0&&{told:l}},L:i,D:u,position:Number(d),fingerprint:r.slice(32,32+Se),chain:r.slice(64,64+Se),seed:[t.getUint32(96,!0),t.getUint32(100,!0)],sizes:p}}function J(r,e,t,n,{only:o,least:s=o??0,most:a=o??1/0}={}){let i=e==="u8"?r.getUint8(t):r.getUint32(t,!0);if(i>=s&&i<=a)return i;let u=s===a?`${s}`:a===1/0?`at least ${s}`:`${s} to ${a}`;throw Fe(`${n} at byte ${t} is ${i}, expected ${u}`)}function Ce(r,e){if(!r)throw Fe(e)}function Fe(r){return new B("ERR_STATE_UNREADABLE",`Cannot read save: ${r}`)}function Ss(r){return r.length===0||typeof r!="string"&&r.every(e=>e==="")}function Es(r,e){if(typeof r=="string")return r;let t=new TextEncoder,n=r.map(a=>typeof a=="number"?e.bytes(a):t.encode(a)),o=new Uint8Array(n.reduce((a,{length:i})=>a+i,0)),s=0;for(let a of n)o.set(a,s),s+=a.length;return new TextDecoder("utf-8",{ignoreBOM:!0}).decode(o)}async function*Rs({engine:r,template:e=Jo,bos:t},n,o){var x=[];try{let s=n.save?.chat??gn;let{effort:a="none"}=n.form===void 0?n:{};let i="messages"in n.input?await e.open(n.input.messages,{phase:s,begun:n.save!==void 0,answer:n.maxTokens>0,effort:a,...n.tools&&{tools:n.tools},...n.tell!==void 0&&{tell:n.tell},...n.goOn!==void 0&&{goOn:n.goOn},...n.variables&&{variables:n.variables}}):void 0;let{space:u=!1,thought:c="none",ends:d=[]}=i??{};let l=n.form?.call?e.calls:void 0;let f="prompt"in n.input?n.input.prompt:bc(i?.prompt??"",n.form,l,u);let p=new qt(u&&l===void 0);let h=new Jt(c);let m=n.bos??i?.bos??(i===void 0?t?.text:t?.chat);let b="";let v=await wc(r,n,u);let w=Fo(x,{[Symbol.dispose]:()=>v?.close()});let g=r.generate({...n.save!==void 0&&{save:n.save},prompt:f,...m!==void 0&&{bos:m},maxTokens:n.maxTokens,sampling:n.sampling,...n.observe!==void 0&&{observer:n.observe()},...n.tenant!==void 0&&{tenant:n.tenant},...n.seed!==void 0&&{seed:vc(n.seed)},...n.logprobs!==void 0&&{logprobs:n.logprobs},...v!==void 0&&{constraint:v},stops:[...yc(d,l?.after),...n.stops.map(_=>({text:_,kept:!1}))]},o);for await(let _ of g){if(_.type==="text"){b+=_.text;let{text:R,reasoning:I}=h.push(p.trim(_.text));(R+I!==""||_.tokens!==void 0)&&(yield{..._,text:R,...I!==""&&{reasoning:I}});continue}let{reasoning:F}=h.finish();F!==""&&(yield{type:"text",text:"",reasoning:F}),xc(_);let $=i?.endsWithToken&&_.finish==="stop"&&_.stop===void 0,G=_.stop?.kept&&_.stop.text!==l?.after||$?gn:i===void 0?Wo(s,Es(f,r.tokenizer)+b,e.end):{...i.phase,thinking:i.phase.open&&h.thinking},j=n.told??s.told,U={...G,...j!==void 0&&{told:j}};yield{..._,save:{..._.save,chat:U}}}}catch(A){var T=A,P=!0}finally{No(x,T,P)}}function yc(r,e){if(e===void 0)return r;let t=r.map(n=>({...n,text:e+n.text}));return t.some(({kept:n})=>n)?t:[{text:e,kept:!0},...t]}var gc=/<\/?think$/;function bc(r,e,t,n){if(e===void 0)return r;let o=typeof r=="string"?r:r.at(-1),a=(typeof o=="string"&&gc.test(o)?">":"")+(t?(n?" ":"")+t.before:"");return a===""?r:typeof r=="string"?r+a:[...r,a]}async function wc({tokenizer:r},{form:e,input:t,save:n,maxTokens:o},s){if(e===void 0||o===0)return;let{grammars:a,grammar:i,written:u=""}=e,c="prompt"in t&&Ss(t.prompt),d=Uint8Array.from([...new TextEncoder().encode(u),...c&&n!==void 0?n.utf8:[]]);return await a.open(i,{tokens:gt(d,r),space:s&&e.call!==!0})}var Wn=class extends M{unread;constructor(e){super("ERR_DEVICE_LOST",`Cannot save the turn: it was cancelled with ${e} tokens of its prompt unread; take it again with the state it began with`),this.unread=e}};function xc({save:{unread:r}}){if(r.length>Rt)throw new Wn(r.length)}function vc(r){return[r%2**32,Math.floor(r/2**32)]}function Ac(){return new Promise(r=>setTimeout(r,0))}async function zn(r){for(let e=performance.now();;){let{done:t,value:n}=r.next();if(t)return n;performance.now()-e<10||(await Ac(),e=performance.now())}}function*jn(r,e){if(typeof r=="string")return yield*_s(r,e);let t=[];for(let n of r)if(typeof n=="number")t.push(n);else for(let o of yield*_s(n,e))t.push(o);return t}function*_s(r,e){let{longest:t}=e;if(t===void 0||r.length<=32768)return e.encode(r);let n=[],o=new TextEncoder,s=new TextDecoder("utf-8",{ignoreBOM:!0});for(let a=0;;){let i=Tc(r,a),u=r.slice(a,i),c=e.encode(u);if(i===r.length){for(let p of c)n.push(p);return n}let d=o.encode(u),l=d.length,f=c.length;for(;f>0&&(d.length-l<t||kc(d,l));)l-=e.bytes(c[--f]).length;if(f===0)throw new RangeError(`A token has ${t} bytes`);for(let p=0;p<f;p++)n.push(c[p]);a+=s.decode(d.subarray(0,l)).length,yield}}function Tc(r,e){let t=Math.min(r.length,e+32768),n=r.charCodeAt(t-1);return n>=55296&&n<56320&&t<r.length?t+1:t}function kc(r,e){return e<r.length&&(r[e]&192)===128}var Sc=.0009765625,Ee=class extends Map{draw(e,t){if(t!==1){let n=Math.fround(t);for(let[o,s]of this){let a=Math.fround(s*n);a<Sc?this.delete(o):this.set(o,a)}}this.set(e,Math.fround((this.get(e)??0)+1))}};function X({presencePenalty:r,frequencyPenalty:e}){return r!==0||e!==0}function Ps(r,e,t){let n=Math.fround(t.presencePenalty),o=Math.fround(t.frequencyPenalty);for(let[s,a]of e)a<=0||s>=r.length||(r[s]-=Math.fround(n+Math.fround(o*a)))}var Ec=r=>r/2**32|0,Rc=r=>r>>>0;function Ms(r,e,t,n){let o=Ec(t),s=Rc(t);r.setUint32(e,n?s:o,n),r.setUint32(e+4,n?o:s,n)}function Us(r){return r instanceof Uint8Array||ArrayBuffer.isView(r)&&r.constructor.name==="Uint8Array"&&"BYTES_PER_ELEMENT"in r&&r.BYTES_PER_ELEMENT===1}var Gn=r=>r?`"${r}" `:"";function _c(r,e=""){if(typeof r!="number")throw new TypeError(Gn(e)+"expected number, got "+typeof r);if(!Number.isSafeInteger(r)||r<0)throw new RangeError(Gn(e)+"expected integer >= 0, got "+r);return r}function Hn(r,e,t=""){if(Us(r)&&(e===void 0||r.length===e))return r;e!==void 0&&_c(e,"length");let n=Us(r),o=e!==void 0?` of length ${e}`:"",s=n?`length=${r.length}`:`type=${typeof r}`,a=Gn(t)+"expected Uint8Array"+o+", got "+s;throw n?new RangeError(a):new TypeError(a)}var Pc=(r,e)=>{if(r===null||typeof r!="object"||Array.isArray(r))throw new TypeError((e==="object"?"":`"${e}" `)+"expected object, got type="+typeof r)},Bs=(r,e)=>{Pc(r,e);let t=Object.getPrototypeOf(r);if(t!==Object.prototype&&t!==null)throw new TypeError(`"${e}" expected plain object`);if(Object.hasOwn(r,"__proto__"))throw new TypeError(`"${e}.__proto__" is not allowed`)};function Vn(r,e=!0){if(r.destroyed)throw new Error("hash was destroyed");if(e&&r.finished)throw new Error("digest() was already called")}function Os(r,e){Hn(r,void 0,"output");let t=e.outputLen;if(!(r.length>=t))throw new RangeError('"output" expected length >= '+t)}function Kn(...r){for(let e=0;e<r.length;e++)r[e].fill(0)}function cr(r){return new DataView(r.buffer,r.byteOffset,r.byteLength)}function ue(r,e){return r<<32-e|r>>>e}function Mc(r,e,t="opts"){return Bs(r,"defaults"),e!==void 0&&Bs(e,t),Object.assign(Object.create(null),r,e)}function Ds(r,e={}){if(typeof r!="function")throw new TypeError('"hashCons" expected function, got type='+typeof r);e=Mc({},e,"info");let t=(o,s)=>r(s).update(o).digest(),n=r(void 0);return t.outputLen=n.outputLen,t.blockLen=n.blockLen,t.canXOF=n.canXOF,t.create=o=>r(o),Object.assign(t,e),Object.freeze(t)}var Ls=r=>({oid:Uint8Array.from([6,9,96,134,72,1,101,3,4,2,r])});function $s(r,e,t){return r&e^~r&t}function Cs(r,e,t){return r&e^r&t^e&t}var lr=class{blockLen;outputLen;canXOF=!1;padOffset;isLE;buffer;view;finished=!1;length=0;pos=0;destroyed=!1;constructor(e,t,n,o){this.blockLen=e,this.outputLen=t,this.padOffset=n,this.isLE=o,this.buffer=new Uint8Array(e),this.view=cr(this.buffer)}update(e){Vn(this),Hn(e);let{view:t,buffer:n,blockLen:o}=this,s=e.length,a=!1;for(let i=0;i<s;){let u=Math.min(o-this.pos,s-i);if(u===o){let c=cr(e);for(;o<=s-i;i+=o)this.process(c,i);a=!0;continue}n.set(i===0&&u===s?e:e.subarray(i,i+u),this.pos),this.pos+=u,i+=u,this.pos===o&&(this.process(t,0),this.pos=0,a=!0)}return this.length+=e.length,a&&this.roundClean(),this}digestInto(e){Vn(this),Os(e,this),this.finished=!0;let{buffer:t,view:n,blockLen:o,isLE:s}=this,{pos:a}=this;t[a++]=128,t.fill(0,a),this.padOffset>o-a&&(this.process(n,0),t.fill(0)),Ms(n,o-8,this.length*8,s),this.process(n,0),this.roundClean();let i=e===t?n:cr(e),u=this.outputLen,c=u/4,d=this.get();if(u%4||c>d.length)throw new Error("invalid outputLen");for(let l=0;l<c;l++)i.setUint32(4*l,d[l],s)}digest(){let{buffer:e,outputLen:t}=this;this.digestInto(e);let n=e.slice(0,t);return this.destroy(),n}_cloneIntoMeta(e){let{buffer:t,length:n,finished:o,destroyed:s,pos:a}=this;return e.destroyed=s,e.finished=o,e.length=n,e.pos=a,a&&e.buffer.set(t),e}clone(){return this._cloneInto()}},Fs=Uint32Array.from([1779033703,3144134277,1013904242,2773480762,1359893119,2600822924,528734635,1541459225]);var Uc=Uint32Array.from([1116352408,1899447441,3049323471,3921009573,961987163,1508970993,2453635748,2870763221,3624381080,310598401,607225278,1426881987,1925078388,2162078206,2614888103,3248222580,3835390401,4022224774,264347078,604807628,770255983,1249150122,1555081692,1996064986,2554220882,2821834349,2952996808,3210313671,3336571891,3584528711,113926993,338241895,666307205,773529912,1294757372,1396182291,1695183700,1986661051,2177026350,2456956037,2730485921,2820302411,3259730800,3345764771,3516065817,3600352804,4094571909,275423344,430227734,506948616,659060556,883997877,958139571,1322822218,1537002063,1747873779,1955562222,2024104815,2227730452,2361852424,2428436474,2756734187,3204031479,3329325298]),Re=new Uint32Array(64),qn=class extends lr{A=0;B=0;C=0;D=0;E=0;F=0;G=0;H=0;constructor(e,t){super(64,e,8,!1),this.A=t[0]|0,this.B=t[1]|0,this.C=t[2]|0,this.D=t[3]|0,this.E=t[4]|0,this.F=t[5]|0,this.G=t[6]|0,this.H=t[7]|0}get(){let{A:e,B:t,C:n,D:o,E:s,F:a,G:i,H:u}=this;return[e,t,n,o,s,a,i,u]}set(e,t,n,o,s,a,i,u){this.A=e|0,this.B=t|0,this.C=n|0,this.D=o|0,this.E=s|0,this.F=a|0,this.G=i|0,this.H=u|0}_cloneInto(e){return(e||=new this.constructor).set(...this.get()),this._cloneIntoMeta(e)}process(e,t){for(let l=0;l<16;l++,t+=4)Re[l]=e.getUint32(t,!1);for(let l=16;l<64;l++){let f=Re[l-15],p=Re[l-2],h=ue(f,7)^ue(f,18)^f>>>3,m=ue(p,17)^ue(p,19)^p>>>10;Re[l]=m+Re[l-7]+h+Re[l-16]|0}let{A:n,B:o,C:s,D:a,E:i,F:u,G:c,H:d}=this;for(let l=0;l<64;l++){let f=ue(i,6)^ue(i,11)^ue(i,25),p=d+f+$s(i,u,c)+Uc[l]+Re[l]|0,m=(ue(n,2)^ue(n,13)^ue(n,22))+Cs(n,o,s)|0;d=c,c=u,u=i,i=a+p|0,a=s,s=o,o=n,n=p+m|0}n=n+this.A|0,o=o+this.B|0,s=s+this.C|0,a=a+this.D|0,i=i+this.E|0,u=u+this.F|0,c=c+this.G|0,d=d+this.H|0,this.set(n,o,s,a,i,u,c,d)}roundClean(){Kn(Re)}destroy(){this.destroyed=!0,this.set(0,0,0,0,0,0,0,0),Kn(this.buffer)}},Qn=class extends qn{constructor(){super(32,Fs)}};var Ns=Ds(()=>new Qn,Ls(1));var dr=32;function Is(){return new Uint8Array(dr)}function fr(r,e){let t=new Uint8Array(dr+4),n=new DataView(t.buffer,dr);t.set(r);for(let o of e)n.setUint32(0,o,!0),t.set(Ns(t));return t.slice(0,dr)}function pr({turn:r,save:e,given:t,promptTokens:n,seed:o},s,{values:a,drawn:i,chain:u,chained:c,utf8:d,timings:l}){let f=e.position+s.read,p=t.slice(c).concat(i).slice(0,s.read-c),h=new Ee(e.counts);if(X(r.sampling))for(let m of i.slice(0,s.whole))h.draw(m,r.sampling.penaltyDecay);return{type:"done",finish:s.finish,...s.stop&&{stop:s.stop},save:{values:a,position:f,unread:s.unread,seed:o,counts:h,utf8:d,chat:e.chat,chain:fr(u,p)},usage:{promptTokens:n,completionTokens:s.kept,position:f,prefillSavedTokens:e.position},timings:l}}function Ne({given:r,drawn:e},t){let n=e.length===0?r:e;return{finish:t,read:r.length+e.length-1,unread:n.slice(-1),whole:e.length,kept:e.length,over:!1}}function mr(r,e){return{finish:"cancelled",read:e,unread:r.slice(e),whole:0,kept:0,over:!1}}function Ws(r,e,t){let n=Ne(r,"stop"),o=e.find(({kept:s})=>s);return o===void 0?{...n,over:!0}:{...n,stop:o,unread:t.encode(o.text),whole:n.whole-1,kept:n.kept-1,over:!0}}function zs(r,e,t){let{given:n,drawn:o}=r,{stop:s}=e;if(s.kept){let i={...Ne(r,"stop"),stop:s,over:!0};if(!e.inside)return i;let u=gt(e.through,t);return{...i,unread:u,whole:i.whole-1}}let a=Math.max(e.token,0);if(e.before.length===0){let i={given:n,drawn:o.slice(0,a)};return{...Ne(i,"stop"),stop:s,over:!0}}return{finish:"stop",stop:s,read:n.length+a,unread:gt(e.before,t),whole:a,kept:a+1,over:!0}}var hr=class{#e;#t;#r=!1;#n=!1;constructor(e,t){this.#e=e,this.#t=t}get ready(){return!this.#r}get follows(){return this.#e!==void 0}get soon(){return this.#n}follow(e){let t=this.#e;t!==void 0&&this.#o(t,e)}async#o(e,t){this.#r=!0,this.#n=!0;let n=setTimeout(()=>{this.#n=!1,this.#t.changed()},2);try{for(let o of t)await e.accept(o);this.#r=!1}catch(o){this.#t.failed(o)}clearTimeout(n),this.#n=!1,this.#t.changed()}};function _t({stops:r,constraint:e}){return e===void 0?r:r.filter(({kept:t})=>!t)}var yr=class{#e;#t=new Map;constructor(e){this.#e=e}for(e){let t=this.#r(e.filter(({kept:o})=>o)),n=e.filter(({kept:o})=>!o);return n.length===0?t:new Set([...t,...this.#n(n)])}#r(e){let t=JSON.stringify(e.map(({text:o})=>o)),n=this.#t.get(t);return n===void 0&&(n=this.#n(e).add(this.#e.end),this.#t.set(t,n)),n}#n(e){let{size:t}=this.#e,n=e.map(({text:s})=>new TextEncoder().encode(s)),o=new Set;if(n.length===0)return o;for(let s=0;s<t;s++){let a=this.#e.bytes(s);n.some(i=>Bc(a,i))&&o.add(s)}return o}};function Bc(r,e){if(e.length===0)return!1;for(let t=0;t+e.length<=r.length;t++){let n=0;for(;n<e.length&&r[t+n]===e[n];)n++;if(n===e.length)return!0}return!1}var gr=class{#e=new Map;#t=0;get length(){return this.#t}get tenants(){return this.#e.size}lengthOf(e){return this.#e.get(e)?.length??0}push(e,t){this.#r(e).push(t),this.#t++}unshift(e,t){this.#r(e).unshift(t),this.#t++}shift(){let[e]=this.#e;if(e===void 0)return;let[t,n]=e,o=n.shift();return this.#t--,this.#e.delete(t),n.length>0&&this.#e.set(t,n),o}remove(e,t){let n=this.#e.get(e)??[],o=n.indexOf(t);return o<0?!1:(n.splice(o,1),n.length===0&&this.#e.delete(e),this.#t--,!0)}clear(){let e=[...this.#e.values()].flat();return this.#e.clear(),this.#t=0,e}#r(e){let t=this.#e.get(e);return t===void 0&&(t=[],this.#e.set(e,t)),t}};var br=class{#e;#t=new gr;#r=[];#n=0;#o=0;constructor(e){this.#e=e}get busy(){return this.#n}get waiting(){return this.#t.length}open(e){this.close(),this.#r=Array.from({length:e},(t,n)=>e-1-n),this.#s()}refuse(e){for(let{reject:t}of this.#t.clear())t(e)}close(){this.#o++,this.#r=[],this.#n=0}async lease(e,{tenant:t,again:n=!1}){if(e.aborted)return;let o=y(),s=n?void 0:this.refusal(t);if(n?this.#t.unshift(t,o):this.#t.push(t,o),this.#s(),s!==void 0&&this.#t.remove(t,o))throw s;let a=()=>{this.#t.remove(t,o),o.resolve(void 0)};e.addEventListener("abort",a,{once:!0});try{return await o.promise}finally{e.removeEventListener("abort",a)}}refusal(e){let{maxTurns:t,maxWaiting:n,maxWaitingPerTenant:o=Math.ceil(n/2)}=this.#e;if(this.#r.length>0&&this.#n<t)return;let s=this.#t.lengthOf(e);if(e!==""&&s>=o)return new pt("ERR_TOO_BUSY",`Cannot take a turn: ${s} of ${e} wait already; try again in a moment`);if(!(this.#t.length<n))return new pt("ERR_TOO_BUSY",`Cannot take a turn: ${this.#n} are under way and ${this.#t.length} wait; try again in a moment`)}spare(){let e=this.#e.maxTurns-this.#n;if(!(this.#r.length<=e))return this.#a(()=>{})}#s(){for(;this.#r.length>0&&this.#n<this.#e.maxTurns;){let e=this.#t.shift();if(e===void 0)return;this.#n++,e.resolve(this.#a(()=>this.#n--))}}#a(e){let t=this.#o,n=this.#r.pop()??0,o=!1;return{lane:n,release:()=>{o||t!==this.#o||(o=!0,this.#r.push(n),e(),this.#s())}}}};var wr=class{#e;#t;#r=new Set;#n=0;#o;constructor(e,t){this.#e=e,this.#t=t}add(e){if(this.#o!==void 0)return e.fail(this.#o);this.#r.add(e),queueMicrotask(()=>this.#s())}remove(e){this.#r.delete(e),queueMicrotask(()=>this.#s())}fail(e){this.#o??=e;let t=[...this.#r];this.#r.clear();for(let n of t)n.fail(e)}#s(){for(;this.#n<this.#t.ahead;){if([...this.#r].some(({soon:t})=>t))return;let e=this.#a();if(e.length===0)return;this.#n++,this.#i(e)}}#a(){let e=[...this.#r],n=e.some(({reading:a,guided:i})=>a||i)?4:16,o=[],s=256;for(let a of e){let i;try{i=a.next({tokens:s,draw:n})}catch(u){this.#c(a,u)}i!==void 0&&(o.push({job:a,step:i}),!(i.draw>0&&i.tokens.length<=1)&&(s-=i.tokens.length,this.#r.delete(a)&&this.#r.add(a)))}return o}async#i(e){try{let t=await this.#u(e.map(({step:n})=>n));e.forEach(({job:n},o)=>{try{n.accept(t[o])}catch(s){this.#c(n,s)}})}catch(t){for(let{job:n}of e)this.#c(n,t)}this.#n--,this.#s()}async#u(e){let{stepped:t}=this.#t;if(t===void 0)return await this.#e.step(e);let n=performance.now(),o=await this.#e.step(e);return t({ms:performance.now()-n,lanes:e.length,reading:e.some(({draw:s})=>s===0),read:e.reduce((s,{tokens:a})=>s+a.length,0),drawn:o.reduce((s,{drawn:a})=>s+a.length,0)}),o}#c(e,t){this.#r.delete(e),e.fail(t)}};var Oc=250,Dc=3e4;function Yn(){return new M("ERR_DEVICE_LOST","Cannot take a request: the device is being replaced; try again soon")}function js(){return new Vt("ERR_SHUTTING_DOWN","Cannot take a request: the server is shutting down; send it to another")}var xr=class{#e;#t;#r=new AbortController;#n;#o;#s=0;#a=()=>{};constructor(e){this.#e=e,this.#t=new br(e)}get closing(){return this.#r.signal}get ready(){return this.#n!==void 0&&!this.closing.aborted}get absence(){return this.closing.aborted?{reason:"closing"}:this.#o}get load(){return{busy:this.#t.busy,waiting:this.#t.waiting}}async open(){let e=await this.#e.load();if(this.closing.aborted)return await e.dispose();this.#n={model:e,scheduler:new wr(e,this.#e)},this.#o=void 0,this.#t.open(e.lanes),e.lost.then(t=>this.#i(e,t))}expectRoom(e=""){if(this.closing.aborted)throw js();if(!this.ready)throw Yn();let t=this.#t.refusal(e);if(t!==void 0)throw t}async lease(e,t,n=""){if(this.closing.aborted)throw js();if(!this.ready)throw Yn();let o=AbortSignal.any([e,this.closing]),s=await this.#t.lease(o,{tenant:n});for(;s!==void 0&&this.#n===void 0&&!o.aborted;)s=await this.#t.lease(o,{tenant:n,again:!0});let a=this.#n;if(s===void 0||a===void 0)return;let{model:i,scheduler:u}=a,c=t?this.#t.spare():void 0;return this.#s++,{model:i,lane:s.lane,spare:c?.lane,add:d=>u.add(d),leave:d=>{u.remove(d);for(let{lane:l,release:f}of c?[s,c]:[s])i.clear(l).catch(()=>{}),f();--this.#s===0&&this.#a()}}}async close(){if(this.#r.abort(new M("ERR_DEVICE_LOST","Cannot finish: this server is closing; ask it or another one again")),this.#s>0){let{promise:e,resolve:t}=y();this.#a=t,await e}await this.#n?.model.dispose(),this.#n=void 0}async#i(e,t){let n=this.#n;if(n?.model!==e||this.closing.aborted)return;let o=performance.now();this.#n=void 0,this.#o={reason:"lost",since:o,attempts:0},this.#t.close(),n.scheduler.fail(new M("ERR_DEVICE_LOST","Cannot finish: the device was lost; the save you came with still holds",{cause:t})),this.#e.lost?.(t),await e.dispose().catch(()=>{});let s=Oc;for(let a=1;!this.closing.aborted;a++)try{return await this.open()}catch(i){this.#o={reason:"lost",since:o,attempts:a},this.#e.lost?.(i),this.#t.refuse(Yn()),await this.#u(s),s=Math.min(2*s,Dc)}}#u(e){let{promise:t,resolve:n}=y(),o=()=>{clearTimeout(s),n()},s=setTimeout(()=>{this.closing.removeEventListener("abort",o),n()},e);return this.closing.addEventListener("abort",o,{once:!0}),t}};var vr=class{#e=[];#t=!1;#r;#n=()=>{};put(e){this.#t||(this.#e.push(e),this.#n())}close(){this.#t=!0,this.#n()}fail(e){this.#t||(this.#r=e,this.close())}async next(){for(;this.#e.length===0&&!this.#t;){let{promise:t,resolve:n}=y();this.#n=n,await t}if(this.#e.length>0)return{done:!1,value:this.#e.shift()};let e=this.#r;if(this.#r=void 0,e!==void 0)throw e;return{done:!0,value:void 0}}[Symbol.asyncIterator](){return this}};function Gs(r,e,t,n){let o=Jn(r.save,t,n),a=(r.save===void 0?r.bos===!1:r.save.unread.length===0)&&e.length>0?e:o.unread.concat(e);return{turn:r,save:o,given:a,promptTokens:a.length-(r.save?.unread.length??0),seed:r.seed??o.seed,carried:e.length===0?o.utf8:new Uint8Array}}function Jn(r,e,t){if(r===void 0)return Lc(e,t);let[n,o]=[r.values.length,D(t)];if(n!==o)throw new B("ERR_STATE_MISMATCH",`Cannot go on from a save of ${n} values: the model has ${o}`);return r.unread.length>0?r:{...r,unread:[e.end]}}function Lc(r,e){let[t,n]=crypto.getRandomValues(new Uint32Array(2));return{values:new Float32Array(D(e)),position:0,unread:[r.end],seed:[t,n],counts:new Map,utf8:new Uint8Array,chat:{open:!1,thinking:!1},chain:Is()}}var Pt=class{#e=new TextDecoder("utf-8",{ignoreBOM:!0});#t;constructor(e=new Uint8Array){this.#t=e.slice()}get pending(){return this.#t.slice()}push(e){let t=new Uint8Array(this.#t.length+e.length);t.set(this.#t),t.set(e,this.#t.length);let n=t.length-$c(t);return this.#t=t.slice(n),this.#e.decode(t.subarray(0,n))}end(){let e=this.#e.decode(this.#t);return this.#t=new Uint8Array,e}};function $c(r){for(let e=1;e<=Math.min(3,r.length);e++){let t=r[r.length-e];if((t&192)===128)continue;let n=Cc(t),o=e>1?r[r.length-e+1]:void 0;return e<n&&Fc(t,o)?e:0}return 0}function Cc(r){return r>=194&&r<=223?2:r>=224&&r<=239?3:r>=240&&r<=244?4:1}function Fc(r,e){if(e===void 0)return!0;switch(r){case 224:return e>=160;case 237:return e<=159;case 240:return e>=144;case 244:return e<=143;default:return!0}}var Ar=class{depth;next=new Map;fallback;found;constructor(e){this.depth=e}go(e){let t=this.next.get(e);return t!==void 0?t:this.fallback===void 0?this:this.fallback.go(e)}},Tr=class{#e;constructor(e){this.#e=Ic(Nc(e))}get held(){return this.#e.depth}push(e){return this.#e=this.#e.go(e),this.#e.found}};function Nc(r){let e=new Ar(0);for(let t of r){let n=e;for(let o of new TextEncoder().encode(t.text)){let s=n.next.get(o)??new Ar(n.depth+1);n.next.set(o,s),n=s}n!==e&&(n.found??={stop:t,length:n.depth})}return e}function Ic(r){let e=[r];for(let t of e)for(let[n,o]of t.next)o.fallback=t.fallback?.go(n)??r,o.found??=o.fallback.found,e.push(o);return r}var kr=class{#e;#t;#r;#n=[];#o=[];#s=[];#a=0;#i=0;constructor(e,t,n){this.#e=e,this.#t=new Tr(t),this.#r=new Pt(n);for(let o of n)this.#t.push(o)}push(e){let t=this.#e.bytes(e);this.#o.push(e),this.#s.push(this.#a);for(let n=0;n<t.length;n++){this.#n.push(t[n]),this.#a++;let o=this.#t.push(t[n]);if(o!==void 0)return this.#c(o.length),this.#l(o.stop,this.#a-o.length,{through:t.slice(0,n+1),inside:n+1<t.length})}}get held(){return this.#t.held}get told(){let e=this.#i-this.pending.length,t=this.#o.findIndex((n,o)=>this.#s[o]+this.#e.bytes(n).length>e);return t<0?this.#o.length:t}release(){return this.#u(this.#n.length-this.held)}finish(e){let t=this.#u(this.#n.length);return e?t+this.#r.end():t}get pending(){return this.#r.pending}#u(e){return e<=0?"":(this.#i+=e,this.#r.push(Uint8Array.from(this.#n.splice(0,e))))}#c(e){e>this.#n.length&&(this.#r=new Pt),this.#n.splice(-e)}#l(e,t,n){let o=this.#s.findLastIndex(a=>a<=t),s=o<0?new Uint8Array:this.#e.bytes(this.#o[o]).slice(0,t-this.#s[o]);return{stop:e,token:o,before:s,...n}}};function Hs(r,e,t){let n=r.logprobs===void 0&&r.constraint===void 0?Math.min(t,Math.max(e,1)):1;return Math.min(r.maxTokens-e,n)}function Vs({turn:r,save:e,given:t,seed:n},{lane:o,drawn:s,tokens:a,draw:i,stopTokens:u,counts:c}){return{lane:o,tokens:a,replay:a.length===1,draw:i,stopTokens:u,...r.logprobs!==void 0&&{logits:"last"},sampling:{...r.sampling,seed:n,position:e.position+t.length+s,counts:c,...r.constraint&&{mask:r.constraint.mask}}}}var Sr=class{#e;#t=performance.now();#r;#n=0;constructor(e){this.#e=e}uploaded(){this.#e?.phase("upload",this.#t,performance.now())}read(e){this.#r===void 0&&(this.#r=performance.now(),this.#e?.phase("prefill",this.#t,this.#r,e))}drawn(e,t){this.#r===void 0?this.read(t):this.#n+=e}async downloaded(e){let t=performance.now();this.#e?.phase("decode",this.#r??t,t,this.#n);let n=await e;return this.#e?.phase("download",t,performance.now()),n}get timings(){let e=this.#r??this.#t;return{prefillMs:e-this.#t,decodeMs:performance.now()-e}}};function Mt(r,e){return r?new B("ERR_STATE_OVERFLOW",`Cannot go on from the state: with it the model computes no finite number (${e}); go back to an earlier state`):new M("ERR_DEVICE_FAILED",`Cannot go on: the model computes no finite number (${e}); check its file with deno task model verify`)}function Ks(r,e){let t=$e(r);if(!(t<0))throw Mt(e,`value ${t} of the state is ${r[t]}`)}var Er=class{#e;#t;#r=0;#n=0;#o;constructor(e,t,n){let o=e.length-1;this.#e=e,this.#t=n?o-o%256:o,this.#o=t}get reading(){return this.#r<this.#t}get rest(){return this.#e.slice(this.#t)}get read(){return this.#n}get chain(){return this.#o}ask(e){let t=Math.min(this.#r+256,this.#t);if(t-this.#r>e)return;let n=this.#e.slice(this.#r,t);return this.#r=t,n}advance(e){this.#n+=e.length,this.#o=fr(this.#o,e)}};var Rr=class{#e;#t;#r;#n;constructor(e,t,n){this.#e=e,this.#t=t,this.#r=n}async keep(e){this.#r!==void 0&&(this.#n=e,await this.#e.copy(this.#t,this.#r))}async restore(e,t){this.#r!==void 0&&this.#o(e)?await this.#e.copy(this.#r,this.#t):await this.#e.write(this.#t,t)}steps(e,{given:t,drawn:n}){let o=this.#t,s=t.length-1,a=[],i=this.#o(e)?this.#n??0:0;for(let c=i;c<s;c+=256){let d=t.slice(c,Math.min(c+256,s));a.push({lane:o,tokens:d,draw:0})}let u=[...t.slice(s),...n];for(let c=Math.max(i,s);c<e;c+=256){let d=u.slice(c-s,Math.min(c+256,e)-s);a.push({lane:o,tokens:d,draw:0,replay:!0})}return a}#o(e){return this.#n!==void 0&&this.#n<=e}};function _r(r,e,t){let n=Wc(r),o=s=>({token:s,logprob:r[s]-n});return{...o(e),top:zc(r,t).map(o)}}function Wc(r){let e=-1/0;for(let n=0;n<r.length;n++)r[n]>e&&(e=r[n]);let t=0;for(let n=0;n<r.length;n++)t+=Math.exp(r[n]-e);return e+Math.log(t)}function zc(r,e){let t=[];for(let n=0;n<r.length&&e>0;n++){if(t.length===e&&r[n]<=r[t[e-1]])continue;t.length===e&&t.pop();let o=t.length;for(;o>0&&r[n]>r[t[o-1]];)o--;t.splice(o,0,n)}return t}var Pr=class{#e;#t;#r;#n=[];#o=0;constructor(e,t,n){this.#e=e,this.#t=t,this.#r=n}score(e,t){this.#r===void 0||t===void 0||this.#n.push(_r(t,e,this.#r))}release(){this.#s(this.#e.release())}finish(e){this.#s(this.#e.finish(e))}#s(e){if(e==="")return;if(this.#r===void 0)return this.#t.put({type:"text",text:e});let t=this.#e.told,n=this.#n.slice(this.#o,t);this.#t.put({type:"text",text:e,tokens:n}),this.#o=t}};var Mr=class{#e;#t;#r;#n;#o;#s;#a;#i;#u;#c=[];#l=[];#d;#m=[];#h=!1;#p=!1;#y=!1;#f=!1;constructor(e,t){let{model:n,lane:o,spare:s,tokenizer:a,events:i}=t,{save:u,turn:c,carried:d}=e;this.#e=e,this.#t=t,this.#r=new Rr(n,o,s),this.#i=new hr(c.constraint,{changed:()=>this.#f||t.wake(),failed:p=>this.#d??this.fail(p)}),this.#n=new kr(a,_t(c),d),this.#o=new Pr(this.#n,i,c.logprobs),this.#a=new Ee(u.counts);let l=n.seamless===!0&&c.maxTokens>0;this.#s=new Er(e.given,u.chain,l),this.#u=new Sr(c.observer);let f=n.write(o,u.values);this.#b(f.then(()=>this.#u.uploaded())),this.#x()}get reading(){return this.#d===void 0&&!this.#h}get guided(){return this.#i.follows}get soon(){return!this.#f&&this.#d===void 0&&this.#i.soon}cancel(){this.#p=!0,this.#x()}abandon(){this.#f||(this.#f=!0,this.#t.left())}fail(e){this.#f||(this.#t.events.fail(e),this.abandon())}next(e){let t=this.#f?void 0:this.#A(e);return t!==void 0&&this.#l.push(t),t}accept(e){let t=this.#l.shift();t===void 0||this.#f||(this.#d===void 0&&(t.draw>0?this.#R(e):this.#s.advance(t.tokens)),this.#x())}get#v(){return this.#e.given.length-1}get#g(){return{given:this.#e.given,drawn:this.#c}}#A(e){if(this.#d!==void 0)return this.#m.shift();if(!this.#p)return this.#s.reading?this.#T(e):this.#k(e)}#T(e){let t=this.#s.ask(e.tokens);return t&&{lane:this.#t.lane,tokens:t,draw:0}}#k(e){let{lane:t,stopTokens:n}=this.#t,o=this.#l.reduce((d,{draw:l})=>d+l,0);if(o>0&&!this.#S()||!this.#i.ready)return;let s=this.#c.length+o,a=Hs(this.#e.turn,s,e.draw);if(a<=0)return;let i=s===0?this.#s.rest:[];if(i.length>e.tokens)return;if(this.#n.held===0&&this.#E){let d=this.#e.given.length-i.length;this.#b(this.#r.keep(d+Math.max(s-1,0)))}this.#h=!0;let u=this.#a,c={lane:t,drawn:s,tokens:i,draw:a,stopTokens:n,counts:u};return Vs(this.#e,c)}#S(){let{turn:e}=this.#e;return!X(e.sampling)&&e.constraint===void 0&&this.#t.spare===void 0}get#E(){let{turn:e}=this.#e;return!this.guided||_t(e).length>0}#R({drawn:e,stopped:t,logits:n,failure:o}){if(o!==void 0){let{turn:{save:u}}=this.#e;throw Mt(u!==void 0,o)}this.#u.drawn(e.length,this.#e.given.length);let s,a=this.#c.length;for(let u of e)a++,this.#o.score(u,n),s??=this.#_(u);if(this.#c.length>=this.#e.turn.maxTokens&&(s??=Ne(this.#g,"length")),s===void 0)return this.#i.follow(e),this.#o.release();let i=!t&&this.#l.some(({draw:u})=>u>0);this.#w(s),(i||this.#v+a>s.read)&&this.#P(s)}#_(e){let{tokenizer:t}=this.#t,{sampling:n,stops:o}=this.#e.turn;if(this.#c.push(e),X(n)&&this.#a.draw(e,n.penaltyDecay),e===t.end)return Ws(this.#g,o,t);let s=this.#n.push(e);return s&&zs(this.#g,s,t)}#w(e){this.#u.read(this.#s.read),this.#d=e,this.#o.finish(e.over)}#P({read:e}){this.#b(this.#r.restore(e,this.#e.save.values)),this.#m.push(...this.#r.steps(e,this.#g))}#x(){this.#f||this.#l.length>0||(this.#d===void 0&&(this.#p?this.#w(this.#c.length>0?Ne(this.#g,"cancelled"):mr(this.#e.given,this.#s.read)):this.#e.turn.maxTokens===0&&!this.#s.reading&&this.#w(Ne(this.#g,"length"))),!(this.#d===void 0||this.#m.length>0)&&(this.#y||(this.#y=!0,this.#b(this.#M(this.#d)))))}async#M(e){let{model:t,lane:n,events:o}=this.#t,s=await this.#u.downloaded(t.read(n));this.#f||(Ks(s,this.#e.turn.save!==void 0),o.put(pr(this.#e,e,{values:s,drawn:this.#c,chain:this.#s.chain,chained:this.#s.read,utf8:this.#n.pending,timings:this.#u.timings})),o.close(),this.abandon())}#b(e){e.catch(t=>this.fail(t))}};var jc=32,Ur=class{#e;#t;#r;#n;#o=[];#s=0;constructor({values:e,unread:t,position:n},o){let{model:s,lane:a,tokens:i}=o;this.#e=o,this.#t=t.concat(i.slice(0,-1)),this.#r=t.length-1,this.#n=n>0,s.write(a,e).catch(u=>this.fail(u))}get reading(){return this.#s<this.#t.length}next(e){if(!this.reading)return;let t=this.#s,n=t<this.#r?Math.min(t+256,this.#r):Math.min(t+jc,this.#t.length);if(n-t>e.tokens)return;this.#s=n;let o=this.#t.slice(t,n),s={lane:this.#e.lane,tokens:o,draw:0};return t<this.#r?s:{...s,logits:"all"}}accept({logits:e}){let{tokens:t,top:n,model:o,resolve:s}=this.#e;if(e===void 0)return;let{V:a}=o.shape;for(let i=0;i<e.length;i+=a){let u=t[this.#o.length],c=_r(e.subarray(i,i+a),u,n);if(!Number.isFinite(c.logprob))throw Mt(this.#n,`a logit is ${c.logprob}`);this.#o.push(c)}this.#o.length===t.length&&s(this.#o)}fail(e){this.#e.reject(e)}};async function qs(r){let{model:e,maxWaiting:t,maxWaitingPerTenant:n,load:o,lost:s,stepped:a}=r,i=new xr({maxTurns:e.lanes,maxWaiting:t,maxWaitingPerTenant:n,ahead:e.device.kind==="webgpu"?2:1,load:o,lost:s,stepped:a});return await i.open(),new Xn(r,i)}var Xn=class{model;format;tokenizer;#e;#t;constructor({model:e,format:t,tokenizer:n},o){this.model=e,this.format=t,this.tokenizer=n,this.#e=o,this.#t=new yr(n)}get ready(){return this.#e.ready}get absence(){return this.#e.absence}get load(){return this.#e.load}expectRoom(e){this.#e.expectRoom(e)}async*generate(e,t){let{tokenizer:n}=this,o=await zn(jn(e.prompt,n)),s=Gs(e,o,n,this.model.shape),a=e.stops.some(({kept:p})=>!p),i=performance.now(),u=await this.#e.lease(t,a,e.tenant);if(e.observer?.phase("wait",i,performance.now()),u===void 0)return yield Gc(s);let c=new vr,d=new Mr(s,{...u,tokenizer:n,stopTokens:this.#t.for(_t(e)),wake:()=>u.add(d),events:c,left:()=>u.leave(d)});u.add(d);let l=AbortSignal.any([t,this.#e.closing]),f=()=>d.cancel();l.addEventListener("abort",f),l.aborted&&f();try{yield*c}finally{l.removeEventListener("abort",f),d.abandon()}}async score({save:e,texts:t,bos:n=!0,top:o=0,tenant:s},a){let i=Jn(e,this.tokenizer,this.model.shape),u=e===void 0&&!n,c=t.map(()=>[]),d=[...t.entries()],l=new AbortController,f=AbortSignal.any([a,l.signal]),p=Array.from({length:this.model.lanes},async()=>{for(let h;(h=d.shift())!==void 0;){let[m,b]=h,v=await zn(jn(b,this.tokenizer)),w=u?v.slice(0,1):[],g=v.slice(w.length),x=u?{...i,unread:w}:i,A=w.map(T=>({token:T,logprob:NaN,top:[]}));if(c[m]=[...A],g.length>0){let T=await this.#e.lease(f,!1,s),P=await this.#r(T,{from:x,tokens:g,top:o},f);c[m]?.push(...P)}}});try{await Promise.all(p)}catch(h){throw l.abort(),await Promise.allSettled(p),h}return c}async dispose(){await this.#e.close()}async#r(e,{from:t,tokens:n,top:o},s){let a=AbortSignal.any([s,this.#e.closing]);if(e===void 0)throw a.reason;let{promise:i,resolve:u,reject:c}=y(),d=new Ur(t,{tokens:n,top:o,...e,resolve:u,reject:c}),l=()=>c(a.reason);a.addEventListener("abort",l),a.aborted&&l(),e.add(d);try{return await i}finally{a.removeEventListener("abort",l),e.leave(d)}}};function Gc(r){let{save:e,given:t,carried:n}=r;return pr(r,mr(t,0),{values:e.values,drawn:[],chain:e.chain,chained:0,utf8:n,timings:{prefillMs:0,decodeMs:0}})}var Br=/\.(att\.[wavg]|ffn\.s)[12]$/;function me({L:r,D:e,H:t,F:n,V:o,ranks:s,deep:a}){let i=[],u=(d,...l)=>i.push({name:d,shape:l}),c=d=>{u(`${d}.weight`,e),u(`${d}.bias`,e)};u("emb.weight",o,e),c("blocks.0.ln0");for(let d=0;d<r;d++){let l=`blocks.${d}.att`;c(`blocks.${d}.ln1`),c(`blocks.${d}.ln2`);for(let p of"rwkvag")u(`${l}.x_${p}`,e);for(let p of["w","a","v","g"])p==="v"&&d===0||(p!=="g"&&u(`${l}.${p}0`,e),u(`${l}.${p}1`,s[p],e),u(`${l}.${p}2`,e,s[p]));u(`${l}.k_k`,e),u(`${l}.k_a`,e),u(`${l}.r_k`,t,e/t);for(let p of["receptance","key","value","output"])u(`${l}.${p}.weight`,e,e);c(`${l}.ln_x`);let f=`blocks.${d}.ffn`;u(`${f}.x_k`,e),u(`${f}.key.weight`,n,e),u(`${f}.value.weight`,e,n),a!==void 0&&(u(`${f}.s_emb.weight`,o,a*a),u(`${f}.s_emb_x.weight`,a*a,e),u(`${f}.s0`,n),u(`${f}.s1`,a,e),u(`${f}.s2`,n,a))}return c("ln_out"),u("head.weight",o,e),i}function Or(r){return me(r).reduce((e,{shape:t})=>e+t.reduce((n,o)=>n*o),0)}var Hc=new TextEncoder;function Ys(r,e){let t=(a,i)=>new S("ERR_VOCABULARY_CORRUPT",`Cannot read vocabulary ${e}: ${a}`,{cause:i}),n;try{n=JSON.parse(r)}catch(a){throw t("it is not JSON",a)}if(!Ut(n))throw t("it is not an object");let{model:o}=n;if(!Ut(o))return{vocabulary:Qs(Vc(n,t),t)};if(o.type!=="RwkvTrie"||!Ut(o.vocab))throw new S("ERR_MODEL_UNSUPPORTED",`Cannot read vocabulary ${e}: its tokenizer is ${JSON.stringify(o.type)}, and RwkvTrie is supported; put the model's World vocabulary beside it as vocab.txt`);let s=Js(n.post_processor);return{vocabulary:Qs(Kc(o.vocab,t),t),...s!==void 0&&{bos:s}}}function Vc(r,e){return Object.entries(r).map(([t,n])=>{if(/^\d{1,7}$/.test(t)){if(typeof n=="string")return[Number(t),Hc.encode(n)];if(Array.isArray(n)&&n.every(Qc))return[Number(t),Uint8Array.from(n)]}throw e(`${JSON.stringify(t)} is no token`)})}function Kc(r,e){let t=qc();return Object.entries(r).map(([n,o])=>{if(typeof o!="number"||!Number.isSafeInteger(o)||o<0)throw e(`token ${JSON.stringify(n)} has no id`);if(o===0)return[0,new Uint8Array];let s=Array.from(n,i=>t.get(i));if(s.indexOf(void 0)>=0)throw e(`token ${o} has a character that is no byte`);return[o,Uint8Array.from(s.map(i=>i??0))]})}function Qs(r,e){let t=r.reduce((o,[s])=>Math.max(o,s+1),1);if(t>r.length+1)throw e(`it has ${r.length} tokens, and one with id ${t-1}`);let n=Array(t).fill(void 0);for(let[o,s]of r){if(n[o]!==void 0)throw e(`two tokens have id ${o}`);if(s.length===0&&o!==0)throw e(`token ${o} is empty`);n[o]=o===0?new Uint8Array:s}return n.map((o,s)=>{if(o===void 0&&s>0)throw e(`no token has id ${s}`);return o??new Uint8Array})}function qc(){let r=new Map,e=256;for(let t=0;t<256;t++){let n=t>=33&&t<=126||t>=161&&t<=172||t>=174;r.set(String.fromCodePoint(n?t:e++),t)}return r}function Js(r){if(!Ut(r))return;let{type:e,single:t,processors:n}=r;if(e==="Sequence"&&Array.isArray(n))return n.map(Js).find(o=>o!==void 0);if(!(e!=="TemplateProcessing"||!Array.isArray(t)))return Ut(t[0])&&"SpecialToken"in t[0]}function Qc(r){return typeof r=="number"&&Number.isInteger(r)&&r>=0&&r<256}function Ut(r){return typeof r=="object"&&r!==null&&!Array.isArray(r)}var Dr=class{#e;#t;#r;#n;#o=1;constructor(e){let t=2**Math.ceil(Math.log2(2*e+2));this.#e=t-1,this.#t=new Uint32Array(t),this.#r=new Uint32Array(t),this.#n=new Uint32Array(e+1)}add(e,t){let n=0;for(let o of e){let s=this.#s(n,o);this.#t[s]===0&&(this.#t[s]=(n<<8|o)+1,this.#r[s]=this.#o++),n=this.#r[s]}return this.#n[n]||=t}longest(e,t){let n=0,o=0;for(;t<e.length;t++){let s=this.#s(n,e[t]);if(this.#t[s]===0)break;n=this.#r[s],o=this.#n[n]||o}return o}#s(e,t){let n=(e<<8|t)+1,o=Math.imul(n,2654435761)>>>8&this.#e;for(;this.#t[o]!==0&&this.#t[o]!==n>>>0;)o=o+1&this.#e;return o}};function Zs(r,e){let t=r.split(`
`);t.at(-1)===""&&t.pop();let n=[new Uint8Array];return t.forEach((o,s)=>{let a=o.endsWith("\r")?o.slice(0,-1):o,i=p=>Yc(e,s+1,p),u=a.indexOf(" "),c=a.lastIndexOf(" ");if(u<1||c<=u)throw i("is not ID LITERAL LENGTH");let d=a.slice(0,u),l=a.slice(c+1);if(d!==String(s+1))throw i(`has id ${d.slice(0,20)}, expected ${s+1}`);let f=el(a.slice(u+1,c));if(typeof f=="string")throw i(f);if(String(f.length)!==l)throw i(`says ${l.slice(0,20)} bytes and has ${f.length}`);if(f.length===0)throw i("is an empty token");n.push(f)}),n}function Yc(r,e,t){return new S("ERR_VOCABULARY_CORRUPT",`Cannot read vocabulary ${r}: line ${e} ${t}`)}var Xs=new TextEncoder,Jc=/^(b?)(['"])(.*)\2$/su,Xc=/^(?:\\[^uU]|[\0-\x5b\x5d-\x7f])*$/s,Zn=/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([ntr\\'"abfv0]))|([^\\])/suy,Zc={n:10,t:9,r:13,"\\":92,"'":39,'"':34,a:7,b:8,f:12,v:11,0:0};function el(r){let[,e,t,n]=Jc.exec(r)??[];if(n===void 0)return"has no Python literal";if(!e&&!n.includes("\\")&&!n.includes(t))return Xs.encode(n);let o=eo(n,t);return o===void 0?"has an escape or a quote out of place":e?Xc.test(n)?Uint8Array.from(o):"has text in bytes":o.some(s=>s>1114111||s>=55296&&s<=57343)?"has a surrogate or a number beyond Unicode":Xs.encode(o.map(s=>String.fromCodePoint(s)).join(""))}function eo(r,e){let t=[];Zn.lastIndex=0;for(let n=0;n<r.length;n=Zn.lastIndex){let o=Zn.exec(r);if(o===null)return;let[,s,a,i,u,c]=o;if(c!==void 0&&c===e)return;let d=s??a??i;if(d!==void 0)t.push(parseInt(d,16));else if(u!==void 0){let l=Zc[u];if(l===void 0)return;t.push(l)}else t.push(c.codePointAt(0)??0)}return t}async function ea(r,e){let t;try{t=new TextDecoder("utf-8",{fatal:!0}).decode(r)}catch(n){throw new S("ERR_VOCABULARY_CORRUPT",`Cannot read vocabulary ${e}: it is not UTF-8`,{cause:n})}return await Lr(Zs(t,e),e)}async function Lr(r,e){let t=i=>new S("ERR_VOCABULARY_CORRUPT",`Cannot use vocabulary ${e}: ${i}`),n=r.length,o=r.reduce((i,u)=>i+u.length,0);if(o>=2**24)throw t(`its tokens have ${o} bytes`);let s=new Dr(o);r.forEach((i,u)=>{if(i.length===0)return;let c=s.add(i,u);if(c!==u)throw t(`tokens ${c} and ${u} are the same`)});for(let i=0;i<256;i++)if(s.longest(Uint8Array.of(i),0)===0)throw t(`no token is the byte 0x${i.toString(16)}`);let a=new TextEncoder;return{size:n,end:0,digest:await tl(r),longest:r.reduce((i,{length:u})=>Math.max(i,u),0),encode(i){let u=a.encode(i),c=[];for(let d=0;d<u.length;){let l=s.longest(u,d);c.push(l),d+=r[l].length}return c},bytes:i=>r[i]??new Uint8Array}}async function tl(r){let e=r.reduce((s,a)=>s+4+a.length,0),t=new Uint8Array(e),n=new DataView(t.buffer),o=0;for(let s of r)n.setUint32(o,s.length,!0),t.set(s,o+4),o+=4+s.length;return new Uint8Array(await crypto.subtle.digest("SHA-256",t))}var rl=[{sign:/lora_[AB]\b|\.lora\.[01](\.weight)?$/,is:"a LoRA adapter"},{sign:/rosa|\.samx/,is:"RWKV-8 ROSA"},{sign:/\.qkv\.ennk/,is:"RWKV-8 rc00-hybrid, which has attention"},{sign:/\.ffn\.enn\./,is:"RWKV-8 rc00"},{sign:/\.qkv\./,is:"RWKV-7b, whose attention keeps keys, values and token ids of all that was read, so that the state grows with the text"},{sign:/\.att\.time_maa_/,is:"RWKV-6"},{sign:/\.att\.(time_faaaa|gate\.weight)/,is:"RWKV-5.2"},{sign:/\.att\.(time_first|time_mix_k)/,is:"RWKV-4 or RWKV-5.0"},{sign:/\.att\.time_decay/,is:"RWKV-5.1"},{sign:/\.ffn\.receptance\./,is:"an RWKV before 7"}],nl=[{sign:/\.att\.r_k$/,is:"no RWKV-7 model: it has no att.r_k"},{sign:/\.att\.k_k$/,is:"no RWKV-7 model: it has no att.k_k"},{sign:/\.att\.g1$/,is:"ARWKV or alike: it has no output gate"},{sign:/\.att\.ln_x\./,is:"ARWKV or alike: it has no att.ln_x"}];function ta(r,e){let t=({sign:s})=>r.some(a=>s.test(a)),o=r.some(s=>s.endsWith(".att.time_state"))&&!r.includes("emb.weight")?"an initial state (state tuning), not a model":(rl.find(t)??nl.find(s=>!t(s)))?.is;if(o!==void 0)throw new S("ERR_MODEL_UNSUPPORTED",`Cannot load ${e}: it is ${o}; RWKV-7 (x070) and RWKV-7a are supported`)}var he={F32:4,F16:2,BF16:2};function _e(r){return Object.hasOwn(he,r)}function V(r){return r.reduce((e,t)=>e*t,1)}function Ie(r,{name:e,type:t,shape:n,offset:o}){let s=he[t];return{name:e,type:t,shape:n,async values(a,i){let u=await r.read(o+a*s,(i-a)*s);return ol(u,t)}}}function ol(r,e){let t=r.length/he[e],{buffer:n,byteOffset:o}=r.byteOffset%he[e]===0?r:r.slice();switch(e){case"F32":return new Float32Array(n,o,t).slice();case"F16":{let s=new Float32Array(t);return Te(new Uint16Array(n,o,t),s),s}case"BF16":{let s=new Uint16Array(n,o,t),a=new Uint32Array(t);for(let i=0;i<t;i++)a[i]=s[i]<<16;return new Float32Array(a.buffer)}}}function to(r,e){if(typeof r=="number"&&Number.isSafeInteger(r)&&r>=0)return r;throw new S("ERR_MODEL_CORRUPT",`Cannot read ${e}: ${JSON.stringify(r)} is not a size`)}var ra=/^blocks\.\d+\.att\.[wavg][12]$/,sl=/^blocks\.\d+\.ffn\.(s_emb(_x)?\.weight|s[012])$/,al=/^blocks\.\d+\.ffn\.s[12]$/,na=64;function oa(r,e,t){let n=g=>{let x=$r(r,g,e);if(x.shape.length===2&&V(x.shape)>0)return x.shape;throw ye(e,`tensor ${x.name} is [${x.shape}], not a matrix`)},[o,s]=n("emb.weight"),[a,i]=n("blocks.0.att.r_k");if(i!==64)throw new S("ERR_MODEL_UNSUPPORTED",`Cannot load ${e}: its head size is ${i}, and ${64} is supported`);if(a*64!==s)throw ye(e,`emb.weight is ${s} wide, but blocks.0.att.r_k has ${a} heads of ${64}`);let u=ul(r,e),[c]=n("blocks.0.ffn.key.weight"),l=[...r].filter(([g])=>ra.test(g)).find(([,{shape:[g,x]}])=>g!==x),f=t!==void 0?t==="in-out":l===void 0||l[1].shape[0]===s===l[0].endsWith("1"),p=g=>n(g)[f?1:0],h={w:p("blocks.0.att.w1"),a:p("blocks.0.att.a1"),v:u>1?p("blocks.1.att.v1"):0,g:p("blocks.0.att.g1")},m={L:u,D:s,H:a,F:c,V:o,ranks:h},b=g=>f&&ra.test(g);if(![...r.keys()].some(g=>sl.test(g)))return{shape:m,flipped:b};let v=il(n("blocks.0.ffn.s_emb.weight")[1],e),w=n("blocks.0.ffn.s2")[0]===v;return{shape:{...m,deep:v},flipped:g=>b(g)||w&&al.test(g)}}function il(r,e){let t=Math.sqrt(r);if(!Number.isInteger(t))throw ye(e,`blocks.0.ffn.s_emb.weight has ${r} values a token, which make no square matrix`);if(t%8===0&&t<=na)return t;throw new S("ERR_MODEL_UNSUPPORTED",`Cannot load ${e}: the rank of its DeepEmbed is ${t}, and multiples of 8 up to ${na} are supported`)}function ul(r,e){let t=0;for(let n of r.keys()){let[,o]=/^blocks\.(\d{1,9})\./.exec(n)??[];o!==void 0&&(t=Math.max(t,Number(o)+1))}if(t>r.size)throw ye(e,`it names layer ${t-1} but has ${r.size} tensors`);return t}function $r(r,e,t){let n=r.get(e);if(n===void 0)throw ye(t,`tensor ${e} is missing`);return n}function ye(r,e){return new S("ERR_MODEL_CORRUPT",`Cannot load ${r}: ${e}`)}var cl=/^blocks\.0\.att\.v[012]$/;function aa(r,e,t){ta([...r.keys()],e);let{shape:n,flipped:o}=oa(r,e,t),s=new Map(me(n).map(a=>[a.name,a]));for(let a of s.values()){let i=o(a.name);pl($r(r,a.name,e),a,i,e)}for(let[a,i]of r)if(!s.has(a)&&!cl.test(a))throw ye(e,`tensor ${i.name} is not part of RWKV-7`);return{shape:n,...ml(r,s),async read(a,i){let u=s.get(a);if(u===void 0)throw new RangeError(`Cannot read tensor ${a}: no such tensor`);let c=$r(r,a,e),[d,l]=i??[0,u.shape[0]],f=o(a)?fl(await dl(c),u,d,l):await ll(c,u,d,l);return hl(f,c,e),f}}}async function ll(r,{shape:[,...e]},t,n){let o=V(e);return await r.values(t*o,n*o)}async function dl(r){return await r.values(0,V(r.shape))}function fl(r,{shape:[e,t]},n,o){let s=new Float32Array((o-n)*t);for(let a=n;a<o;a++)for(let i=0;i<t;i++)s[(a-n)*t+i]=r[i*e+a];return s}function pl(r,{shape:e},t,n){let o=t?e.toReversed():e;if((o.length===1?r.shape.filter(a=>a!==1):r.shape).join()!==o.join())throw ye(n,`tensor ${r.name} is [${r.shape}], expected [${o}]`)}function ml(r,e){let t=new Set,n=new Set;for(let[a,{shape:i}]of e)i.length!==2||a.endsWith("r_k")||(Br.test(a)?n:t).add(r.get(a)?.type??"F32");let o=sa(t),s=sa(n);return s===o?{stored:o}:{stored:o,small:s}}function sa([r,...e]){return e.length===0&&_e(r)?r:"F32"}function hl(r,e,t){let n=0;for(let s=0;s<r.length;s++)n+=0*r[s];if(n===0)return;let o=r.findIndex(s=>!Number.isFinite(s));throw ye(t,`tensor ${e.name} holds ${r[o]}`)}var yl=1,Cr=1<<20,gl=3;var Fr=class{shape;stored;small;#e;#t=new Map;#r;#n=new Map;#o=[];#s=[];#a=0;constructor(e){let{shape:t,stored:n,small:o}=e;this.shape=t,this.stored=n,o!==void 0&&(this.small=o),this.#e=e,this.#r=Or(t);let s=0;for(let{name:a,shape:[i,...u]}of me(t)){let c=V(u);this.#t.set(a,{offset:s,width:c,read:new Uint8Array(i)}),s+=i*c}}async read(e,t){let n=await this.#e.read(e,t),o=this.#t.get(e);if(o!==void 0&&this.#a<this.#r)for(this.#i(o,t?.[0]??0,n);this.#s.length>gl;)await this.#s.shift();return n}async fingerprint(e,t){for(let[b,{width:v,read:w}]of this.#t){let g=Math.max(1,Math.floor(Cr/v));for(let x=0;x<w.length;x+=g){let A=Math.min(w.length,x+g);w.subarray(x,A).includes(0)&&(await this.read(b,[x,A]),t?.(this.#a,this.#r))}}let{L:n,D:o,F:s,V:a,ranks:i,deep:u}=this.shape,{w:c,a:d,v:l,g:f}=i,p=[yl,n,o,64,s,a,c,d,l,f];u!==void 0&&p.push(u);let h=new DataView(new ArrayBuffer(4*p.length));p.forEach((b,v)=>h.setUint32(4*v,b,!0));let m=u===void 0?"gosling model":"gosling rwkv7a";return await bl([new TextEncoder().encode(`${m}\0`),h.buffer,e.slice(),...await Promise.all(this.#o)])}#i({offset:e,width:t,read:n},o,s){let a=s.length/t;for(let i=0;i<a;){let u=n[o+i],c=i+1;for(;c<a&&n[o+c]===u;)c++;if(!u){n.fill(1,o+i,o+c);let d=s.subarray(i*t,c*t);this.#u(e+(o+i)*t,d)}i=c}}#u(e,t){this.#a+=t.length;for(let n=0;n<t.length;){let o=Math.floor((e+n)/Cr),s=o*Cr,a=Math.min(Cr,this.#r-s),i=this.#n.get(o)??{values:new Float32Array(a),missing:a};this.#n.set(o,i);let u=e+n-s,c=t.subarray(n,n+a-u);if(i.values.set(c,u),i.missing-=c.length,n+=c.length,i.missing>0)continue;this.#n.delete(o);let d=crypto.subtle.digest("SHA-256",i.values);d.catch(()=>{}),this.#o[o]=d,this.#s.push(d)}}};async function bl(r){let e=await new Blob([...r]).arrayBuffer();return new Uint8Array(await crypto.subtle.digest("SHA-256",e))}var no=new Map([[0,re("F32",1,4,ro((r,e)=>r.getFloat32(e,!0)))],[1,re("F16",1,2,ro((r,e)=>ke(r,e)))],[2,re("Q4_0",32,18,Nr({fifth:!1,minimum:!1}))],[3,re("Q4_1",32,20,Nr({fifth:!1,minimum:!0}))],[6,re("Q5_0",32,22,Nr({fifth:!0,minimum:!1}))],[7,re("Q5_1",32,24,Nr({fifth:!0,minimum:!0}))],[8,re("Q8_0",32,34,xl)],[12,re("Q4_K",256,144,ua({fifth:!1}))],[13,re("Q5_K",256,176,ua({fifth:!0}))],[14,re("Q6_K",256,210,Al)],[15,re("Q8_K",256,292,Tl)],[30,re("BF16",1,2,ro((r,e)=>wl(r.getUint16(e,!0))))]]);function re(r,e,t,n){return{name:r,values:e,bytes:t,unpack:n}}function ro(r){return(e,t,n,o)=>{n[o]=r(e,t)}}var ia=new DataView(new ArrayBuffer(4));function wl(r){return ia.setUint16(0,r),ia.getFloat32(0)}function Nr({fifth:r,minimum:e}){let t=r?16:8,n=e?4:2,o=n+(r?4:0);return(s,a,i,u)=>{let c=ke(s,a),d=e?ke(s,a+2):-t*c,l=r?s.getUint32(a+n,!0):0;for(let f=0;f<16;f++){let p=s.getUint8(a+o+f),h=p&15|(l>>>f&1)<<4,m=p>>>4|(l>>>f+16&1)<<4;i[u+f]=c*h+d,i[u+f+16]=c*m+d}}}function xl(r,e,t,n){let o=ke(r,e);for(let s=0;s<32;s++)t[n+s]=o*r.getInt8(e+2+s)}function ua({fifth:r}){let t=r?48:16;return(n,o,s,a)=>{let i=ke(n,o),u=ke(n,o+2);for(let c=0;c<8;c++){let[d,l]=vl(n,o+4,c),f=i*d,p=u*l,h=o+t+32*(c>>>1),m=4*(c&1);for(let b=0;b<32;b++){let v=n.getUint8(h+b)>>>m&15;r&&(v|=(n.getUint8(o+16+b)>>>c&1)<<4),s[a+32*c+b]=f*v-p}}}}function vl(r,e,t){let n=o=>r.getUint8(e+o);return t<4?[n(t)&63,n(t+4)&63]:[n(t+4)&15|n(t-4)>>>6<<4,n(t+4)>>>4|n(t)>>>6<<4]}function Al(r,e,t,n){let o=ke(r,e+208);for(let s=0;s<2;s++)for(let a=0;a<4;a++)for(let i=0;i<32;i++){let u=r.getUint8(e+64*s+32*(a&1)+i),c=a<2?u&15:u>>>4,d=r.getUint8(e+128+32*s+i)>>>2*a,l=128*s+32*a+i,f=r.getInt8(e+192+(l>>>4));t[n+l]=o*f*((c|(d&3)<<4)-32)}}function Tl(r,e,t,n){let o=r.getFloat32(e,!0);for(let s=0;s<256;s++)t[n+s]=o*r.getInt8(e+4+s)}var Bt=class extends Error{},Ir=class{#e;#t;#r;#n=0;constructor(e,t){this.#e=e,this.#t=new DataView(e.buffer,e.byteOffset,e.length),this.#r=t}get at(){return this.#n}uint32(){return this.#t.getUint32(this.#a(4),!0)}size(){let e=this.#t.getBigUint64(this.#a(8),!0);if(e>Number.MAX_SAFE_INTEGER)throw this.#i(`a size is ${e}`);return Number(e)}text(){let e=this.size(),t=this.#a(e);return new TextDecoder().decode(this.#e.subarray(t,t+e))}value(){return this.#o(this.uint32())}#o(e){switch(e){case 8:return this.text();case 9:{let t=this.uint32();if(t===9)throw this.#i("a list holds lists");let n=[];for(let o=this.size();o>0;o--)n.push(this.#o(t));return n}default:return this.#s(e)}}#s(e){let t=this.#t;switch(e){case 0:return t.getUint8(this.#a(1));case 1:return t.getInt8(this.#a(1));case 2:return t.getUint16(this.#a(2),!0);case 3:return t.getInt16(this.#a(2),!0);case 4:return t.getUint32(this.#a(4),!0);case 5:return t.getInt32(this.#a(4),!0);case 6:return t.getFloat32(this.#a(4),!0);case 7:return t.getUint8(this.#a(1))!==0;case 10:return Number(t.getBigUint64(this.#a(8),!0));case 11:return Number(t.getBigInt64(this.#a(8),!0));case 12:return t.getFloat64(this.#a(8),!0)}throw this.#i(`a value is of type ${e}, which does not exist`)}#a(e){let t=this.#n;if(t+e>this.#e.length)throw new Bt;return this.#n+=e,t}#i(e){return new S("ERR_MODEL_CORRUPT",`Cannot read the header of ${this.#r}: before byte ${this.#n} ${e}`)}};var kl=64<<20,Sl=1<<20;async function ca(r){let e=Math.min(r.size,kl);for(let t=Math.min(Sl,e);;t=Math.min(2*t,e))try{return El(r,await r.read(0,t))}catch(n){if(!(n instanceof Bt))throw n;if(t===e)throw ge(r,`its header does not end within ${t} bytes`)}}function El(r,e){let t=new Ir(e,r.name);if(t.uint32()!==1179993927)throw ge(r,"it is not GGUF");let n=t.uint32();if(n!==2&&n!==3)throw new S("ERR_MODEL_UNSUPPORTED",`Cannot read ${r.name}: it is GGUF version ${n} or of another byte order, and versions 2 and 3, little-endian, are supported`);let o=t.size(),s=t.size(),a=new Map;for(let d=0;d<s;d++){let l=t.text();if(a.has(l))throw ge(r,`key ${l} is there twice`);a.set(l,t.value())}let i=[];for(let d=0;d<o;d++)i.push(Rl(r,t));let u=a.get("general.alignment")??32;if(typeof u!="number"||u<1)throw ge(r,`its alignment is ${u}`);let c=Math.ceil(t.at/u)*u;return{keys:a,tensors:Pl(r,i,c)}}function Rl(r,e){let t=e.text(),n=e.uint32();if(n>4)throw ge(r,`tensor ${t} has ${n} dimensions`);let o=Array.from({length:n},()=>e.size()).reverse(),s=e.uint32(),a=e.size(),i=no.get(s);if(i===void 0){let c=Array.from(no.values(),({name:d})=>d);throw new S("ERR_MODEL_UNSUPPORTED",`Cannot read tensor ${t} of ${r.name}: its type is ${_l[s]??`number ${s}`}, and ${c.join(", ")} are supported`)}if((o.at(-1)??1)%i.values!==0)throw ge(r,`tensor ${t} is [${o}], not whole blocks of ${i.values}`);let u=V(o)/i.values*i.bytes;return{name:t,shape:o,type:i,offset:a,size:u}}var _l={9:"Q8_1",10:"Q2_K",11:"Q3_K",16:"IQ2_XXS",17:"IQ2_XS",18:"IQ3_XXS",19:"IQ1_S",20:"IQ4_NL",21:"IQ3_S",22:"IQ2_S",23:"IQ4_XS",24:"I8",25:"I16",26:"I32",27:"I64",28:"F64",29:"IQ1_M",34:"TQ1_0",35:"TQ2_0",39:"MXFP4"};function Pl(r,e,t){let n=new Map,o=0;for(let s of e.sort((a,i)=>a.offset-i.offset)){let{name:a,offset:i,size:u}=s;if(n.has(a))throw ge(r,`tensor ${a} is there twice`);if(i<o)throw ge(r,`tensor ${a} overlaps the one before it`);if(o=i+u,!(t+o<=r.size))throw ge(r,`tensor ${a} needs bytes up to ${t+o}, but the file ends at ${r.size}; fetch it again`);n.set(a,Ml(r,s,t+i))}return n}function Ml(r,{name:e,shape:t,type:n},o){return _e(n.name)?Ie(r,{name:e,type:n.name,shape:t,offset:o}):{name:e,type:n.name,shape:t,async values(s,a){let i=Math.floor(s/n.values),u=Math.ceil(a/n.values),c=await r.read(o+i*n.bytes,(u-i)*n.bytes),d=new DataView(c.buffer,c.byteOffset,c.length),l=new Float32Array((u-i)*n.values);for(let p=0;p<u-i;p++)n.unpack(d,p*n.bytes,l,p*n.values);let f=s-i*n.values;return f===0&&a-s===l.length?l:l.slice(f,f+a-s)}}}function ge({name:r},e){return new S("ERR_MODEL_CORRUPT",`Cannot read ${r}: ${e}`)}var Ul=[[/^model\.embeddings\.weight$/,"emb.weight"],[/^lm_head\.weight$/,"head.weight"],[/^model\.norm\.(weight|bias)$/,"ln_out.$1"],[/^model\.layers\.0\.pre_norm\.(weight|bias)$/,"blocks.0.ln0.$1"],[/^model\.layers\.(\d+)\.attn_norm\.(weight|bias)$/,"blocks.$1.ln1.$2"],[/^model\.layers\.(\d+)\.ffn_norm\.(weight|bias)$/,"blocks.$1.ln2.$2"],[/^model\.layers\.(\d+)\.attn\.(x_[rwkvag]|k_k|k_a|r_k)$/,"blocks.$1.att.$2"],[/^model\.layers\.(\d+)\.attn\.x_x$/,"blocks.$1.att.x_*"],[/^model\.layers\.(\d+)\.attn\.r_proj\.weight$/,"blocks.$1.att.receptance.weight"],[/^model\.layers\.(\d+)\.attn\.k_proj\.weight$/,"blocks.$1.att.key.weight"],[/^model\.layers\.(\d+)\.attn\.v_proj\.weight$/,"blocks.$1.att.value.weight"],[/^model\.layers\.(\d+)\.attn\.o_proj\.weight$/,"blocks.$1.att.output.weight"],[/^model\.layers\.(\d+)\.attn\.g_norm\.(weight|bias)$/,"blocks.$1.att.ln_x.$2"],[/^model\.layers\.(\d+)\.attn\.([wavg])_lora\.lora\.0\.weight$/,"blocks.$1.att.$21"],[/^model\.layers\.(\d+)\.attn\.([wavg])_lora\.lora\.2\.weight$/,"blocks.$1.att.$22"],[/^model\.layers\.(\d+)\.attn\.([wav])_lora\.lora\.2\.bias$/,"blocks.$1.att.$20"],[/^model\.layers\.(\d+)\.ffn\.(x_k|key\.weight|value\.weight)$/,"blocks.$1.ffn.$2"]],Bl=[[/^model\.embeddings\.weight$/,"emb.weight"],[/^(lm_head|head)\.weight$/,"head.weight"],[/^model\.pre_ln\.(weight|bias)$/,"blocks.0.ln0.$1"],[/^model\.ln_out\.(weight|bias)$/,"ln_out.$1"],[/^model\.layers\.(\d+)\.(ln[12]\..+)$/,"blocks.$1.$2"],[/^model\.layers\.(\d+)\.attention\.(.+)$/,"blocks.$1.att.$2"],[/^model\.layers\.(\d+)\.feed_forward\.(.+)$/,"blocks.$1.ffn.$2"]],Ol=[[/^model\.embed_tokens\.weight$/,"emb.weight"],[/^lm_head\.weight$/,"head.weight"],[/^model\.norm\.(weight|bias)$/,"ln_out.$1"],[/^model\.embedding_norm\.(weight|bias)$/,"blocks.0.ln0.$1"],[/^model\.layers\.(\d+)\.input_layernorm\.(.+)$/,"blocks.$1.ln1.$2"],[/^model\.layers\.(\d+)\.post_attention_layernorm\.(.+)$/,"blocks.$1.ln2.$2"],[/^model\.layers\.(\d+)\.linear_attn\.g_norm\.(weight|bias)$/,"blocks.$1.att.ln_x.$2"],[/^model\.layers\.(\d+)\.linear_attn\.r_proj\.weight$/,"blocks.$1.att.receptance.weight"],[/^model\.layers\.(\d+)\.linear_attn\.k_proj\.weight$/,"blocks.$1.att.key.weight"],[/^model\.layers\.(\d+)\.linear_attn\.v_proj\.weight$/,"blocks.$1.att.value.weight"],[/^model\.layers\.(\d+)\.linear_attn\.o_proj\.weight$/,"blocks.$1.att.output.weight"],[/^model\.layers\.(\d+)\.linear_attn\.(.+)$/,"blocks.$1.att.$2"],[/^model\.layers\.(\d+)\.mlp\.(?:up_proj|key)\.weight$/,"blocks.$1.ffn.key.weight"],[/^model\.layers\.(\d+)\.mlp\.(?:down_proj|value)\.weight$/,"blocks.$1.ffn.value.weight"],[/^model\.layers\.(\d+)\.mlp\.(.+)$/,"blocks.$1.ffn.$2"]],Dl=/^(?:(?:module|_forward_module|_orig_mod)\.)+|(?<=\.)_orig_mod\./g,Ll=/^(?=(?:layers|embeddings|embed_tokens|embedding_norm|norm|pre_ln|ln_out)\.)/,$l=[[/^token_embd\.weight$/,"emb.weight"],[/^output\.weight$/,"head.weight"],[/^token_embd_norm\.(weight|bias)$/,"blocks.0.ln0.$1"],[/^output_norm\.(weight|bias)$/,"ln_out.$1"],[/^blk\.(\d+)\.attn_norm\.(weight|bias)$/,"blocks.$1.ln1.$2"],[/^blk\.(\d+)\.attn_norm_2\.(weight|bias)$/,"blocks.$1.ln2.$2"],[/^blk\.(\d+)\.time_mix_lerp_fused\.weight$/,"blocks.$1.att.x_*"],[/^blk\.(\d+)\.time_mix_([wav][012]|g[12]|k_[ka]|r_k)\.weight$/,"blocks.$1.att.$2"],[/^blk\.(\d+)\.time_mix_ln\.(weight|bias)$/,"blocks.$1.att.ln_x.$2"],[/^blk\.(\d+)\.time_mix_(receptance|key|value|output)\.weight$/,"blocks.$1.att.$2.weight"],[/^blk\.(\d+)\.channel_mix_lerp_k\.weight$/,"blocks.$1.ffn.x_k"],[/^blk\.(\d+)\.channel_mix_(key|value)\.weight$/,"blocks.$1.ffn.$2.weight"]];function Wr(r,e){let t=Cl(r,e),n=s=>[...t.keys()].some(a=>s.test(a)),o=s=>Fl(t,s,e);return n(/^blk\.\d+\./)?{tensors:o($l),lora:"out-in"}:n(/^model\.layers\.\d+\.attn\./)?{tensors:o(Ul),lora:"out-in"}:n(/^model\.layers\.\d+\.linear_attn\./)?{tensors:o(Ol),lora:"in-out"}:n(/^model\.layers\.\d+\.attention\./)?{tensors:o(Bl),lora:"in-out"}:{tensors:t}}function Cl(r,e){let t=[...r.keys()].map(a=>a.replace(Dl,"")),n=t.some(a=>/^layers\.\d+\./.test(a)),{found:o,add:s}=la(e);for(let[a,i]of[...r.values()].entries()){let u=t[a]??"";s(n?u.replace(Ll,"model."):u,i)}return o}function la(r){let e=new Map;return{found:e,add:(n,o)=>{let s=e.get(n);if(s!==void 0)throw new S("ERR_MODEL_CORRUPT",`Cannot load ${r}: tensors ${s.name} and ${o.name} are both ${n}`);e.set(n,o)}}}function Fl(r,e,t){let{found:n,add:o}=la(t);for(let[s,a]of r){let i=e.find(([c])=>c.test(s)),u=i?s.replace(...i):s;u.endsWith(".x_*")?Array.from("rwkvag",(c,d)=>{o(u.replace("*",c),Nl(a,d,6))}):o(u,a)}return n}function Nl(r,e,t){let n=Math.floor(V(r.shape)/t);return{...r,shape:r.shape[0]===t?r.shape.slice(1):r.shape,values:(o,s)=>r.values(e*n+o,e*n+s)}}var zr=["<|rwkv_tokenizer_end_of_text|>","<|endoftext|>"],Il={bos:zr[0],eos:zr[0],ids:new Map};function da(r,e,t=Il){return{source:r,name:e,specials:t}}var Wl=5;async function fa(r){let{keys:e,tensors:t}=await ca(r),n=e.get("general.architecture");if(n!=="rwkv7")throw oo(r,`its architecture is ${n}, not rwkv7`);let o=e.get("split.count")??1;if(typeof o=="number"&&o>1)throw oo(r,`it is one of ${o} parts; join them with llama-gguf-split --merge`);let s=e.get("rwkv7.attention.layer_norm_epsilon")??1e-5;if(typeof s!="number"||Math.fround(1e-5)!==Math.fround(s))throw oo(r,`its norms' epsilon is ${s}, not 1e-5`);let{tensors:a,...i}=Wr(t,r.name),u=Gl(r,e);return{tensors:jl(a,e.get("rwkv7.wkv.head_size")),...i,...u&&{vocabulary:u},settings:zl(r,e)}}function zl({name:r},e){let t=e.get("tokenizer.chat_template"),n=e.get("tokenizer.ggml.add_bos_token"),o=e.get("tokenizer.ggml.tokens"),s=new Map,a=c=>{let d=e.get(`tokenizer.ggml.${c}`)??0,l=Array.isArray(o)?o[Number(d)]:void 0;return typeof l!="string"?zr[0]??"":(Number(d)===0&&s.set(l,0),l)},i={bos:a("bos_token_id"),eos:a("eos_token_id")},u=["general.name","general.basename","general.finetune"].map(c=>e.get(c)).filter(c=>typeof c=="string");return{...typeof t=="string"&&{template:da(t,r,{...i,ids:s})},...typeof n=="boolean"&&{bos:n},names:u}}function jl(r,e){let t=new Map(r);if(typeof e!="number"||e<1)return t;for(let[n,o]of r){let[s,...a]=o.shape;n.endsWith(".att.r_k")&&a.length===0&&t.set(n,{...o,shape:[s/e,e]})}return t}function Gl(r,e){let t=e.get("tokenizer.ggml.tokens");if(t===void 0)return;let n=u=>new S("ERR_VOCABULARY_CORRUPT",`Cannot read the vocabulary of ${r.name}: ${u}`),o=e.get("tokenizer.ggml.model");if(o!=="rwkv")throw n(`its tokenizer is ${o}, not rwkv`);let s=e.get("tokenizer.ggml.token_type")??[];if(!Array.isArray(t)||!Array.isArray(s))throw n("its tokens are not a list");let a=u=>s[u]===Wl||/^\[PAD\d+\]$/.test(String(t[u])),i=t.length;for(;i>1&&a(i-1);)i--;return Array.from({length:i},(u,c)=>{if(c===0)return new Uint8Array;let d=t[c],l=typeof d=="string"?eo(d):void 0;if(l===void 0||l.length===0)throw n(`token ${c} is ${JSON.stringify(d)}`);return l.some(f=>f>255)?new TextEncoder().encode(String.fromCodePoint(...l)):Uint8Array.from(l)})}function oo({name:r},e){return new S("ERR_MODEL_UNSUPPORTED",`Cannot load ${r}: ${e}`)}var jr=class{#e;#t;#r;#n=0;constructor(e,t){this.#e=e,this.#t=new DataView(e.buffer,e.byteOffset,e.length),this.#r=t}byte(){return this.number(1)}number(e){let t=this.#o(e);return e===1?this.#e[t]:e===2?this.#t.getUint16(t,!0):this.#t.getUint32(t,!0)}long(){let e=this.byte();if(e>7)throw this.refuse("a number is too large");let t=this.#o(e),n=0;for(let s=0;s<e;s++)n+=this.#e[t+s]*2**(8*s);return e>0&&this.#e[t+e-1]>=128?n-2**(8*e):n}float(){return this.#t.getFloat64(this.#o(8))}size(){let[e,t]=[this.number(4),this.number(4)];if(t>0)throw this.refuse("a text is too long");return e}skip(e){this.#o(e)}text(e){let t=this.#o(e);return new TextDecoder().decode(this.#e.subarray(t,t+e))}line(){let e=this.#e.indexOf(10,this.#n);if(e<0)throw this.refuse("it ends inside a name");let t=this.text(e-this.#n);return this.#n++,t}#o(e){let t=this.#n;if(t+e>this.#e.length)throw this.refuse("it is cut off");return this.#n+=e,t}refuse(e){return new S("ERR_MODEL_CORRUPT",`Cannot read the table of ${this.#r}: at byte ${this.#n} ${e}`)}};function Ot(r){return so(r)==="tensor"}function so(r){return typeof r=="object"&&r!==null&&"kind"in r?r.kind:void 0}function pa(r){return so(r)==="storage"}function ao(r){return so(r)==="name"}function Gr(r){return typeof r=="number"&&Number.isSafeInteger(r)&&r>=0}function io(r){return Array.isArray(r)&&r.every(Gr)}var ma=/^torch (BFloat16|Half|Float|Double|Long|Int|Byte)Storage$/,ha="collections OrderedDict",ya="torch._utils _rebuild_tensor_v2",ga="torch._utils _rebuild_parameter";function ba(r,e){return new uo(new jr(r,e)).run()}var uo=class{#e;#t=[];#r=[];#n=new Map;constructor(e){this.#e=e}run(){for(;;){let e=this.#e.byte();if(e===46)return this.#a();this.#o(e)}}#o(e){switch(e){case 128:if(this.#e.byte()>5)throw this.#e.refuse("its protocol is above 5");return;case 149:this.#e.skip(8);return;case 125:return this.#s(new Map);case 93:case 41:return this.#s([]);case 40:this.#r.push(this.#t.length);return;case 116:return this.#s(this.#u());case 133:case 134:case 135:return this.#s(this.#i(e-132));case 78:return this.#s(null);case 136:case 137:return this.#s(e===136);case 75:return this.#s(this.#e.byte());case 77:return this.#s(this.#e.number(2));case 74:return this.#s(this.#e.number(4)|0);case 138:return this.#s(this.#e.long());case 88:return this.#s(this.#e.text(this.#e.number(4)));case 140:return this.#s(this.#e.text(this.#e.byte()));case 141:return this.#s(this.#e.text(this.#e.size()));case 71:return this.#s(this.#e.float());case 99:return this.#s(this.#h(this.#e.line(),this.#e.line()));case 147:{let[t,n]=this.#i(2);if(typeof t=="string"&&typeof n=="string")return this.#s(this.#h(t,n));throw this.#e.refuse("a name is no text")}case 148:return this.#c(this.#n.size);case 113:return this.#c(this.#e.byte());case 114:return this.#c(this.#e.number(4));case 104:return this.#l(this.#e.byte());case 106:return this.#l(this.#e.number(4));case 81:return this.#s(this.#p(this.#a()));case 82:{let[t,n]=this.#i(2);return this.#s(this.#y(t,n))}case 97:return this.#m(this.#i(1));case 101:return this.#m(this.#u());case 115:return this.#d(this.#i(2));case 117:return this.#d(this.#u());case 98:this.#a();return}throw this.#e.refuse(`instruction 0x${e.toString(16)} has no use here`)}#s(e){this.#t.push(e)}#a(){let[e]=this.#i(1);return e}#i(e){let t=this.#r.at(-1)??0;if(this.#t.length-t<e)throw this.#e.refuse("its stack is empty");return this.#t.splice(this.#t.length-e)}#u(){let e=this.#r.pop();if(e===void 0)throw this.#e.refuse("a mark is missing");return this.#t.splice(e)}#c(e){let t=this.#t.at(-1);if(t===void 0)throw this.#e.refuse("its stack is empty");this.#n.set(e,t)}#l(e){let t=this.#n.get(e);if(t===void 0)throw this.#e.refuse("a memo is missing");this.#s(t)}#d(e){let t=this.#t.at(-1);if(!(t instanceof Map)||e.length%2!==0)throw this.#e.refuse("a dict is missing");for(let n=0;n<e.length;n+=2)t.set(e[n],e[n+1])}#m(e){let t=this.#t.at(-1);if(!Array.isArray(t))throw this.#e.refuse("a list is missing");for(let n of e)t.push(n)}#h(e,t){let n=`${e} ${t}`;if(ma.test(n)||[ha,ya,ga].includes(n))return{kind:"name",name:n};throw this.#e.refuse(`it wants ${n.slice(0,80).replaceAll(/[^ -~]/g,"?")}, which no model needs; do not open this file with other programs`)}#p(e){if(Array.isArray(e)){let[t,n,o,,s]=e;if(t==="storage"&&ao(n)&&ma.test(n.name)&&typeof o=="string"&&Gr(s)){let[,a]=n.name.split(" ");return{kind:"storage",type:a,key:o,length:s}}}throw this.#e.refuse("a storage is not described as PyTorch does")}#y(e,t){if(ao(e)&&Array.isArray(t)){let n=t;if(e.name===ha&&n.length===0)return new Map;if(e.name===ga&&Ot(n[0]))return n[0];if(e.name===ya)return this.#f(n)}throw this.#e.refuse("a call is not one that PyTorch writes")}#f([e,t,n,o]){if(pa(e)&&Gr(t)&&io(n)&&io(o)&&n.length===o.length)return{kind:"tensor",storage:e,offset:t,shape:n,stride:o};throw this.#e.refuse("a tensor is not described as PyTorch does")}};var Hl=101010256,co=22,Vl=117853008,wa=20,Kl=101075792,ql=56,Ql=33639248,Hr=46,Yl=67324752,xa=30,Jl=1,lo=4294967295,Xl=16<<20;async function va(r){let{offset:e,size:t,count:n}=await Zl(r);if(t>Xl)throw Z(r,`its directory has ${t} bytes`);let o=Lt(await r.read(e,t)),s=[];for(let a=0;s.length<n;){if(a+Hr>t||o.getUint32(a,!0)!==Ql)throw Z(r,`its directory ends after ${s.length} of ${n} entries`);let i=td(r,o,a);s.push([i.name,i.offset,i.size]),a+=i.length}return await nd(r,s,e)}async function Zl(r){let e=Math.min(r.size,co+65535),t=Lt(await r.read(r.size-e,e));for(let n=e-co;n>=0;n--){if(t.getUint32(n,!0)!==Hl||n+co+t.getUint16(n+20,!0)!==e)continue;let o=t.getUint16(n+10,!0),s=t.getUint32(n+12,!0),a=t.getUint32(n+16,!0);return o===65535||s===lo||a===lo?await ed(r,r.size-e+n):{offset:a,size:s,count:o}}throw Z(r,"it has no directory; fetch it again")}async function ed(r,e){let t=Lt(await r.read(e-wa,wa));if(t.getUint32(0,!0)!==Vl)throw Z(r,"its 64-bit directory is missing");let n=Lt(await r.read(Dt(r,t,8),ql));if(n.getUint32(0,!0)!==Kl)throw Z(r,"its 64-bit directory is missing");return{count:Dt(r,n,32),size:Dt(r,n,40),offset:Dt(r,n,48)}}function td(r,e,t){let n=e.getUint16(t+28,!0),o=e.getUint16(t+30,!0),s=Hr+n+o+e.getUint16(t+32,!0);if(t+s>e.byteLength)throw Z(r,"its directory ends inside an entry");let a=new TextDecoder().decode(new Uint8Array(e.buffer,e.byteOffset+t+Hr,n)),i=[e.getUint32(t+24,!0),e.getUint32(t+20,!0),e.getUint32(t+42,!0)],u=t+Hr+n;rd(r,e,u,u+o,i);let[c,d,l]=i;if(e.getUint16(t+10,!0)!==0||d!==c)throw Z(r,`entry ${a} is compressed, which PyTorch never does`);return{name:a,size:c,offset:l,length:s}}function rd(r,e,t,n,o){for(let s=t;s+4<=n;){let a=e.getUint16(s,!0),i=s+4+e.getUint16(s+2,!0);if(i>n)throw Z(r,"an extra field is cut off");if(a===Jl){let u=s+4;o.forEach((c,d)=>{if(c===lo){if(u+8>i)throw Z(r,"a 64-bit size is missing");o[d]=Dt(r,e,u),u+=8}})}s=i}}async function nd(r,e,t){let n=new Map,o=0;for(let[s,a,i]of e.sort((u,c)=>u[1]-c[1])){let u=Lt(await r.read(a,xa));if(u.getUint32(0,!0)!==Yl)throw Z(r,`entry ${s} is not where the directory says`);let c=a+xa+u.getUint16(26,!0)+u.getUint16(28,!0);if(a<o||c+i>t)throw Z(r,`entry ${s} overlaps another one`);if(n.has(s))throw Z(r,`entry ${s} is there twice`);n.set(s,{offset:c,size:i}),o=c+i}return n}function Dt(r,e,t){let n=e.getBigUint64(t,!0);if(n>Number.MAX_SAFE_INTEGER)throw Z(r,`a size in its directory is ${n}`);return Number(n)}function Lt(r){return new DataView(r.buffer,r.byteOffset,r.byteLength)}function Z({name:r},e){return new S("ERR_MODEL_CORRUPT",`Cannot read ${r}: ${e}`)}var od=16<<20,sd={FloatStorage:"F32",HalfStorage:"F16",BFloat16Storage:"BF16"};async function Aa(r){let e=await va(r),t=[...e].find(([c])=>c.endsWith("/data.pkl"));if(t===void 0)throw Qe(r,"it is a ZIP without data.pkl, not a PyTorch file");let[n,{offset:o,size:s}]=t,a=n.slice(0,-8);if(await ad(r,e.get(`${a}byteorder`)),s>od)throw Qe(r,`its table has ${s} bytes`);let i=ba(await r.read(o,s),r.name),u=new Map;for(let[c,d]of Ta(r,i)){if(!Ot(d)&&!(d instanceof Map))continue;if(typeof c!="string"||!Ot(d))throw Qe(r,`its entry ${dd(c)} is no tensor`);let l=e.get(`${a}data/${d.storage.key}`);u.set(c,ud(r,c,d,l))}if(u.size>0)return u;throw new S("ERR_MODEL_UNSUPPORTED",`Cannot load ${r.name}: its table names no tensors; it is something else that a trainer saved`)}async function ad(r,e){if(e===void 0)return;let{offset:t,size:n}=e;if(new TextDecoder().decode(await r.read(t,Math.min(n,16)))!=="little")throw new S("ERR_MODEL_UNSUPPORTED",`Cannot read ${r.name}: its byte order is not little-endian; save it on an ordinary machine`)}var id=["state_dict","model_state_dict","model","module","weights"];function Ta(r,e){if(e instanceof Map){for(let t of id){let n=e.get(t);if(n instanceof Map)return Ta(r,n)}return e}if(Array.isArray(e))return new Map(e.map((t,n)=>[String(n),t]));throw Qe(r,"its table is not a dict or a list")}function ud(r,e,{storage:t,offset:n,shape:o,stride:s},a){let i=sd[t.type];if(i===void 0)throw new S("ERR_MODEL_UNSUPPORTED",`Cannot read tensor ${e} of ${r.name}: it is a ${t.type}, and F32, F16 and BF16 are supported`);let u=V(o),c=n+o.reduce((p,h,m)=>p+(h-1)*s[m],1);if(a===void 0||a.size!==t.length*he[i])throw Qe(r,`storage ${t.key} of tensor ${e} is not ${t.length} values of ${i}`);if(u>t.length||u>0&&c>t.length)throw Qe(r,`tensor ${e} is larger than its storage`);let d=a.offset+n*he[i];if(cd(o,s))return Ie(r,{name:e,type:i,shape:o,offset:d});let l=[c-n],f=Ie(r,{name:e,type:i,shape:l,offset:d});return{name:e,type:i,shape:o,async values(p,h){return ld(await f.values(0,l[0]),o,s,[p,h])}}}function cd(r,e){let t=1;return r.toReversed().every((n,o)=>{let s=n===1||e.at(-1-o)===t;return t*=n,s})}function ld(r,e,t,[n,o]){return new Float32Array(o-n).map((s,a)=>{let i=n+a,u=0;for(let c=e.length-1;c>=0;c--)u+=i%e[c]*t[c],i=Math.floor(i/e[c]);return r[u]})}function dd(r){return typeof r=="string"?r:typeof r}function Qe({name:r},e){return new S("ERR_MODEL_CORRUPT",`Cannot read ${r}: ${e}`)}var fd=16<<20;async function ka(r){let{start:e,header:t}=await pd(r),n=new Map,o=[];for(let[s,a]of Object.entries(t)){if(s==="__metadata__")continue;let{type:i,shape:u,from:c,to:d}=md(r,s,a);if(e+d>r.size)throw ce(r,`tensor ${s} needs bytes up to ${e+d}, but the file ends at ${r.size}; fetch it again`);o.push({name:s,from:c,to:d}),n.set(s,Ie(r,{name:s,type:i,shape:u,offset:e+c}))}return hd(r,o,r.size-e),n}async function pd(r){if(r.size<8)throw ce(r,`it has ${r.size} bytes, a header needs 8`);let e=await r.read(0,8),t=new DataView(e.buffer,e.byteOffset).getBigUint64(0,!0);if(t>BigInt(Math.min(fd,r.size-8)))throw ce(r,`a header of ${t} bytes does not fit a file of ${r.size}`);let n=8+Number(t),o=new TextDecoder().decode(await r.read(8,n-8)),s;try{s=JSON.parse(o)}catch(a){throw ce(r,"the header is not JSON",{cause:a})}if(typeof s!="object"||s===null||Array.isArray(s))throw ce(r,"the header is not an object");return{start:n,header:s}}function md(r,e,t){let n=`tensor ${e} of ${r.name}`,{dtype:o,shape:s,data_offsets:a}=t??{};if(typeof o!="string")throw ce(r,`tensor ${e} has no dtype`);if(!_e(o))throw new S("ERR_MODEL_UNSUPPORTED",`Cannot read ${n}: its type is ${o.slice(0,20)}, and F32, F16 and BF16 are supported`);if(!Array.isArray(s)||!Array.isArray(a))throw ce(r,`tensor ${e} has no shape or no data_offsets`);let i=s.map(d=>to(d,n)),[u,c]=a.map(d=>to(d,n));if(a.length!==2||c-u!==V(i)*he[o])throw ce(r,`tensor ${e} is ${o} [${i}], but has bytes ${a}`);return{type:o,shape:i,from:u,to:c}}function hd(r,e,t){e.sort((o,s)=>o.from-s.from||o.to-s.to);let n=0;for(let{name:o,from:s,to:a}of e){if(s<n)throw ce(r,`tensor ${o} overlaps the one before it`);if(s>n)throw ce(r,`${s-n} bytes before tensor ${o} are no tensor's`);n=a}if(n!==t)throw ce(r,`${t-n} bytes at the end are no tensor's`)}function ce({name:r},e,t){return new S("ERR_MODEL_CORRUPT",`Cannot read ${r}: ${e}`,t)}var yd=[[/^version https:\/\/git-lfs/,"a Git LFS pointer; run git lfs pull"],[/^\x80.\x8a.l\xfc\x9cF/s,"a PyTorch file from before 1.6"],[/^(fmgg|lmgg|tjgg)/,"an rwkv.cpp file; take the one it was made from"],[/^FUGG/,"a big-endian GGUF file"],[/^\s*<(!doctype|html)/i,"a web page; the download went wrong"],[/^\{\s*"[\s -~]{6}/,"JSON without weights"]];async function Sa(r){let[e,...t]=r;if((await Ea(e)).startsWith("GGUF")&&t.length===0)return await fa(e);let o=new Map;for(let s of r)for(let[a,i]of await gd(s)){if(o.has(a))throw new S("ERR_MODEL_CORRUPT",`Cannot read ${s.name}: tensor ${a} is in another part too`);o.set(a,i)}return Wr(o,e.name)}async function gd(r){let e=await Ea(r);if(e.startsWith("PK"))return await Aa(r);let t=yd.find(([n])=>n.test(e));if(t===void 0)return await ka(r);throw new S("ERR_MODEL_UNSUPPORTED",`Cannot read ${r.name}: it is ${t[1]}`)}async function Ea(r){return String.fromCharCode(...await r.read(0,Math.min(r.size,64)))}async function Pa(r,e){let[{name:t}]=r.weights,n=await Sa(r.weights),o=aa(n.tensors,t,n.lora),{tokenizer:s,bos:a}=await bd(r,n),{V:i}=o.shape;if(s.size>i)throw new S("ERR_VOCABULARY_CORRUPT",`Cannot use vocabulary ${r.vocabulary?.name??"inside"}: it has ${s.size} tokens, but ${t} has ${i}`);let u={...a!==void 0&&{bos:a},...n.settings,...r.settings},c={tokenizer:s,settings:u};if(e!==void 0)return{...c,checkpoint:o,fingerprint:()=>Promise.resolve(e)};let d=new Fr(o);return{...c,checkpoint:d,fingerprint:l=>d.fingerprint(s.digest,l)}}async function bd({weights:[{name:r}],vocabulary:e},{vocabulary:t}){if(e)return await wd(e);if(t)return{tokenizer:await Lr(t,r)};throw new S("ERR_MODEL_NOT_FOUND",`Cannot use ${r}: it carries no vocabulary; put its vocabulary file beside it as vocab.txt, or name it with --vocab`)}var Ra=64<<20,_a=new Map;async function wd({name:r,size:e,read:t}){if(e>Ra)throw new S("ERR_VOCABULARY_CORRUPT",`Cannot read vocabulary ${r}: it has ${e} bytes, and vocabularies have ${Ra} at most`);let n=await t(0,e),o=await crypto.subtle.digest("SHA-256",n),s=Q(new Uint8Array(o)),{tokenizer:a,bos:i}=_a.get(s)??{},u=a?.deref();if(u!==void 0)return{tokenizer:u,...i!==void 0&&{bos:i}};let c=await xd(n,r);return _a.set(s,{...c,tokenizer:new WeakRef(c.tokenizer)}),c}async function xd(r,e){if(r[0]!==123)return{tokenizer:await ea(r,e)};let t=new TextDecoder().decode(r),{vocabulary:n,bos:o}=Ys(t,e);return{tokenizer:await Lr(n,e),...o!==void 0&&{bos:o}}}function Ma({name:r,size:e},t,n){if(t<0||n<0||t+n>e)throw new S("ERR_MODEL_CORRUPT",`Cannot read ${r}: ${n} bytes at ${t} are wanted, but it ends at ${e}; fetch it again`)}function fo(r,e){let t=e.length;return{name:r,size:t,async read(n,o){return Ma({name:r,size:t},n,o),e.subarray(n,n+o)}}}function Ua(r,e){let{size:t}=e;return{name:r,size:t,async read(n,o){Ma({name:r,size:t},n,o);let s=e.slice(n,n+o);return new Uint8Array(await s.arrayBuffer())}}}var vd={engine:"",device:""};function Oa(r,e,t,n=vd){kd(r,e);let{L:o,D:s}=e.shape,a=[...r.counts].sort(([m],[b])=>m-b),i=Ba(n.engine),u=Ba(n.device),c={unread:r.unread.length,counts:a.length,utf8:r.utf8.length,engine:i.length,device:u.length,values:0},d=ur(c),l=vs(r.values,t,{L:o,D:s},d.values),f={codec:l.codec,chat:r.chat,L:o,D:s,position:r.position,fingerprint:Uint8Array.from(e.fingerprint),chain:Uint8Array.from(r.chain),seed:r.seed,sizes:{...c,values:l.bytes.length}},p=new Uint8Array(l.bytes.buffer),h=new DataView(p.buffer);return Ts(p,f),r.unread.forEach((m,b)=>h.setUint32(d.unread+4*b,m,!0)),a.forEach(([m,b],v)=>{h.setUint32(d.counts+8*v,m,!0),h.setFloat32(d.counts+8*v+4,b,!0)}),p.set(r.utf8,d.utf8),p.set(i,d.engine),p.set(u,d.device),{bytes:p,codec:l.codec}}function Da(r,e){let t=ks(r);return Ad(t,e),Td(r,t,e.shape.V).save}function Ad(r,e){let{L:t,D:n}=e.shape,o=[["L",r.L,t],["D",r.D,n],["fingerprint",Q(r.fingerprint),Q(e.fingerprint)]];for(let[s,a,i]of o)if(a!==i)throw new B("ERR_STATE_MISMATCH",`Cannot use save: its ${s} is ${a}, this model's is ${i}`)}function Td(r,e,t=2**32){let{codec:n,chat:o,L:s,D:a,position:i,fingerprint:u,chain:c,seed:d}=e,{sizes:l}=e,f=ur(l),p=new DataView(r.buffer,r.byteOffset,r.byteLength),h=w=>{let g=p.getUint32(w,!0);if(g<t)return g;throw Fe(`token at byte ${w} is ${g}, expected below ${t}`)},m=Array.from({length:l.unread},(w,g)=>h(f.unread+4*g)),b=new Map;for(let w=f.counts,g=-1;w<f.utf8;w+=8){let x=h(w),A=p.getFloat32(w+4,!0);if(x<=g)throw Fe(`token at byte ${w} is ${x}, expected above ${g}`);if(!(A>=0&&A<1/0))throw Fe(`count at byte ${w+4} is ${A}, expected 0 or more`);b.set(g=x,A)}for(let w=f.device+l.device;w<f.values;w++)if(r[w]!==0)throw Fe(`padding at byte ${w} is ${r[w]}, expected 0`);let v=new TextDecoder;return{save:{values:As(r.subarray(f.values),n,{L:s,D:a}),position:i,unread:m,seed:d,counts:b,utf8:r.slice(f.utf8,f.engine),chat:o,chain:c},format:{fingerprint:u,shape:{L:s,D:a}},codec:n,note:{engine:v.decode(r.subarray(f.engine,f.device)),device:v.decode(r.subarray(f.device,f.device+l.device))}}}function kd(r,{fingerprint:e}){let t=s=>s===s>>>0,n={position:!Number.isSafeInteger(r.position)||r.position<0,unread:r.unread.length>Rt||!r.unread.every(t),seed:!r.seed.every(t),counts:![...r.counts].every(([s,a])=>t(s)&&a>=0&&Math.fround(a)<1/0),utf8:r.utf8.length>3,chain:r.chain.length!==Se,fingerprint:e.length!==Se},o=Object.entries(n).find(([,s])=>s);if(o!==void 0)throw new RangeError(`Cannot write save: its ${o[0]} does not fit`)}function Ba(r){let e=new Uint8Array(255),{written:t}=new TextEncoder().encodeInto(r,e);return e.subarray(0,t)}function po(r){return typeof r.toBase64=="function"?r.toBase64({alphabet:"base64url",omitPadding:!0}):Sd(r)}function mo(r){return typeof Uint8Array.fromBase64=="function"?Uint8Array.fromBase64(r,{alphabet:"base64url"}):Ed(r)}function Sd(r){let e="";for(let t=0;t<r.length;t+=16384)e+=String.fromCharCode(...r.subarray(t,t+16384));return btoa(e).replaceAll("+","-").replaceAll("/","_").replace(/=+$/,"")}function Ed(r){if(/[^\w-]/.test(r)||r.length%4===1)throw new SyntaxError(`Cannot read base64url of ${r.length} characters`);let e=atob(r.replaceAll("-","+").replaceAll("_","/"));return Uint8Array.from(e,t=>t.charCodeAt(0))}var rb=new TextEncoder().encode("GOSLSEAL");var Rd="ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";function La(r){let e=Rd.indexOf(r.at(-1)??"A"),t=[0,63,15,3][r.length%4];return(e&t)===0}function $a(r){let e=r.search(/[^\w.-]/);if(e<0)return;let t=r.charCodeAt(e).toString(16).padStart(4,"0");throw Ye(`character ${e} is U+${t.toUpperCase()}, expected base64url`)}function Ye(r){return new B("ERR_STATE_UNREADABLE",`Cannot read token: ${r}`)}var ho="gosling-portable.";async function Ca(r){let e=new Uint8Array(r.length+Se);return e.set(r),e.set(await za(r),r.length),e}function Fa(r){return ho+po(r)}function Na(r){return qe.every((e,t)=>e===r[t])}async function Ia(r){let e=Math.max(0,r.length-Se),t=r.subarray(0,e),n=Q(r.subarray(e)),o=await za(t);if(n!==Q(o))throw Ye(`its checksum at byte ${e} is ${n}, expected ${Q(o)}`);return t}function Wa(r){$a(r);let e=r.indexOf(".",ho.length);if(e>=0)throw Ye(`character ${e} is ".", expected base64url`);let t=r.slice(ho.length);if(!La(t))throw Ye("its last character has bits that no byte uses");try{return mo(t)}catch{throw Ye(`its ${r.length} characters end amid a byte`)}}async function za(r){return new Uint8Array(await crypto.subtle.digest("SHA-256",r))}var ja="wasm 2";function ee(r,e){return Math.ceil(r/e)*e}function Ga(r,e){switch(r){case"F32":return e*64;case"F16":case"BF16":return e*32;case"int8":return e/64*1088;case"int4":return e/64*576}}function Ha(r,e){switch(r){case"F32":return e*4;case"F16":case"BF16":return e*2;case"int8":case"int4":return e/64*68}}function Va(r){return r/64*144}var K={F32:0,F16:1,BF16:2,int8:3,int4:4};function Vr(r,e){return e==="none"?r:e}function Kr(r,e){return e!=="none"&&r==="F32"?"F16":r}var yo=["format","data","panelBytes","rows","columns"],qr=["ln1Weight","ln1Bias","ln2Weight","ln2Bias","lerps","w0","a0","v0","w1","w2","a1","a2","v1","v2","g1","g2","kK","kA","rK","receptance","key","value","output","lnXWeight","lnXBias","ffnLerp","ffnKey","ffnValue","deepTable","deepTurn","deepDown","deepUp","deepBias"],Qr=["threads","barrier","command","L","D","H","F","V","deep","embedding","embeddingFormat","ln0Weight","ln0Bias","layers","lnOutWeight","lnOutBias","head","states","stateBytes","activationOffset","rows","tokens","segments","segmentList","wanted","wantedList","x","mixed","mixedQ","r","k","v","vFirst","lowW","lowA","lowV","lowG","gated","gatedQ","update","hidden","hiddenQ","deepTurned","deepLow","logits","scratch","scratchBytes","chunk"];function $t(r,e){return Uint32Array.from(r,t=>e[t])}function Ka(r){return Qr.indexOf(r)*4}var _d=65536,Pd=64,Yr=class{places=new Map;words=new Map;#e;#t;#r=_d;constructor(e){this.#t=e.D,this.#e=new Map(me(e).map(({name:t,shape:n})=>[t,n]))}get end(){return this.#r}take(e){let t=this.#r;return this.#r=ee(t+e,Pd),t}put(e,t){this.words.set(e,t)}place(e,t){this.places.set(e,t)}vectors(...e){let t=this.#t,n=this.take(e.length*t*4);for(let[o,s]of e.entries())this.place(s,{kind:"vector",offset:n+o*t*4,format:"F32",rows:1,width:t,columns:t,rowBytes:t*4});return n}vector(e){let[t]=this.#e.get(e)??[0],n=ee(t,64),o=n*4,s=this.take(o);return this.place(e,{kind:"vector",offset:s,format:"F32",rows:1,width:t,columns:n,rowBytes:o}),s}rows(e,t){let[n,o]=this.#e.get(e)??[0,0],s=Ha(t,o),a=this.take(n*s);return this.place(e,{kind:"rows",offset:a,format:t,rows:n,width:o,columns:o,rowBytes:s}),a}matrix(e,t,n=16,o=n){let[s,a]=this.#e.get(e)??[0,0],i=ee(s,n),u=ee(a,o),c=Ga(t,u),d=this.take(i/16*c);this.place(e,{kind:"panels",offset:d,format:t,rows:s,width:a,columns:u,rowBytes:c/16});let l=this.take(yo.length*4),f={format:K[t],data:d,rows:i,columns:u};return this.put(l,$t(yo,{...f,panelBytes:c})),l}};var Mb=2**32,Md=1<<20,Ud=2048,Bd=16640,Od=16384;function go({shape:r,stored:e,small:t=e},{lanes:n,quantization:o},s,a){let{L:i,D:u,H:c,V:d,ranks:l,deep:f=0}=r,p=ee(r.F,64),h=o!=="none",m=new Yr(r),b=Vr(e,o),v=Kr(t,o),w=m.take(Qr.length*4),g=m.take(256),x=m.take(i*qr.length*4),A=m.end,T=m.rows("emb.weight",b),[P,_]=Y("blocks.0.ln0");for(let C=0;C<i;C++)m.put(x+C*qr.length*4,Be(C));let[F,$]=Y("ln_out"),W=ee(d,16),G=m.matrix("head.weight",b),j=m.end-A,U=D(r)*4,R=m.take(n*U),I=Math.max(Md,16*Math.max(u,p)*4),je=4*f*f,we=ee(Math.max(Bd+a*Ud,256+I,U,f>0?Od+a*(256+4*ee(f,16))+je:0),64),z=C=>m.take(a*C*4),Ue=(C,q=1)=>h?m.take(q*a*Va(C)):0,xe=C=>z(ee(C,16)),Ge=z(1),ut=z(3),ct=z(1),lt=z(W),dt=m.take(s*we);return m.put(w,$t(Qr,{threads:s,barrier:g,command:0,L:i,D:u,H:c,F:p,V:W,deep:f,embedding:T,embeddingFormat:K[b],ln0Weight:P,ln0Bias:_,layers:x,lnOutWeight:F,lnOutBias:$,head:G,states:R,stateBytes:U,activationOffset:b==="int8"?8192:0,rows:0,tokens:Ge,segments:0,segmentList:ut,wanted:0,wantedList:ct,x:z(u),mixed:z(6*u),mixedQ:Ue(u,6),r:z(u),k:z(u),v:z(u),vFirst:z(u),lowW:xe(l.w),lowA:xe(l.a),lowV:xe(l.v),lowG:xe(l.g),gated:z(u),gatedQ:Ue(u),update:z(u),hidden:z(p),hiddenQ:Ue(p),deepTurned:f>0?z(i*f*f):0,deepLow:f>0?xe(f):0,logits:lt,scratch:dt,scratchBytes:we,chunk:a})),{bytes:m.end,weightBytes:j,plan:w,places:m.places,words:m.words,states:R,stateBytes:U,scratch:dt,scratchBytes:we,stagingBytes:I,chunk:a,tokens:Ge,segments:ut,wanted:ct,logits:lt,logitsStride:W};function Y(C){return[m.vectors(`${C}.weight`),m.vectors(`${C}.bias`)]}function Be(C){let q=`blocks.${C}`,H=`${q}.att`,[hn,mu]=Y(`${q}.ln1`),[hu,yu]=Y(`${q}.ln2`),[gu,bu]=Y(`${H}.ln_x`),ve=Oe=>m.matrix(`${H}.${Oe}`,v),Ht=Oe=>m.matrix(`${H}.${Oe}.weight`,b),yn=C>0,Ae=`${q}.ffn`,ft=Oe=>f>0?Oe():0;return $t(qr,{ln1Weight:hn,ln1Bias:mu,ln2Weight:hu,ln2Bias:yu,lnXWeight:gu,lnXBias:bu,lerps:m.vectors(...[..."rwkvag"].map(Oe=>`${H}.x_${Oe}`)),receptance:Ht("receptance"),key:Ht("key"),value:Ht("value"),w1:ve("w1"),a1:ve("a1"),g1:ve("g1"),v1:yn?ve("v1"):0,w0:m.vectors(`${H}.w0`),w2:ve("w2"),a0:m.vectors(`${H}.a0`),a2:ve("a2"),g2:ve("g2"),v0:yn?m.vectors(`${H}.v0`):0,v2:yn?ve("v2"):0,kK:m.vectors(`${H}.k_k`),kA:m.vectors(`${H}.k_a`),rK:m.vectors(`${H}.r_k`),output:Ht("output"),ffnLerp:He(Ae),ffnKey:m.matrix(`${Ae}.key.weight`,b,64),deepDown:ft(()=>m.matrix(`${Ae}.s1`,v)),deepUp:ft(()=>m.matrix(`${Ae}.s2`,v,64,16)),deepBias:ft(()=>m.vector(`${Ae}.s0`)),ffnValue:m.matrix(`${Ae}.value.weight`,b,64),deepTurn:ft(()=>m.matrix(`${Ae}.s_emb_x.weight`,b)),deepTable:ft(()=>m.rows(`${Ae}.s_emb.weight`,b))})}function He(C){let q=m.vectors(`${C}.x_k`);return f>0&&m.take(u*4),q}}var Dd=2,qa=4<<20;async function Qa(r,e,t,n,{packed:o,progress:s}){let a,i=()=>a??=$d(r,e,t,n,s);if(o===void 0)return await i();let u=0;for(let c of t.places.values()){let d=c.offset+Ld(c);for(let l=c.offset;l<d;l+=qa){let f=Math.min(qa,d-l),p=new Uint8Array(e.buffer,l,f),h=await o.piece(f,async()=>(await i(),p.slice()));a===void 0&&p.set(h)}a===void 0&&s?.(++u,t.places.size)}}function Ld({kind:r,rows:e,rowBytes:t}){return(r==="panels"?ee(e,16):e)*t}async function $d(r,e,t,n,o){let s=new bo(n),a=0;for(let[i,u]of t.places){if(u.kind==="vector"){let c=await r.read(i);new Float32Array(e.buffer,u.offset,c.length).set(c)}else await Cd(r,i,u,t.stagingBytes,s);o?.(++a,t.places.size)}await s.finish()}async function Cd(r,e,t,n,o){let{rows:s,width:a}=t,i=Math.floor(n/(a*4)/16)*16;for(let u=0;u<s;u+=i){let c=await r.read(e,[u,Math.min(u+i,s)]);await o.add(t,u,a,c)}}var bo=class{#e;#t=[];#r=0;constructor(e){this.#e=e}async add(e,t,n,o){let s=this.#e[this.#r++%this.#e.length],a={name:"pack",place:e,row:t,width:n,values:o},i=s.do(a,[o.buffer]);i.catch(()=>{}),this.#t.push(i),this.#t.length>Dd*this.#e.length&&await this.#t.shift()}async finish(){await Promise.all(this.#t)}};var Je=8192,Xe=class{#e;#t;#r=new Set;constructor(e,t){this.#e=e,this.#t=t}expectLane(e){if(!(Number.isInteger(e)&&e>=0&&e<this.#t))throw new RangeError(`Cannot use lane ${e}: there are ${this.#t}`)}clear(e){this.expectLane(e),this.#r.delete(e)}write(e,t){let n=D(this.#e);if(t.length!==n)throw new RangeError(`Cannot write a state: ${t.length} values, expected ${n}`);this.clear(e)}copy(e,t){this.expectLane(e),this.clear(t),this.#r.has(e)&&this.#r.add(t)}step(e){let t=new Set;for(let n of e){this.expectLane(n.lane);let o=t.has(n.lane)?"it is in the step twice":this.#n(n);if(o!==void 0)throw new RangeError(`Cannot step lane ${n.lane}: ${o}`);t.add(n.lane)}for(let{lane:n,draw:o}of e)o>0?this.#r.add(n):this.#r.delete(n)}#n({lane:e,tokens:t,draw:n,sampling:o}){let{V:s}=this.#e,a=t.find(i=>!(Number.isInteger(i)&&i>=0&&i<s));if(a!==void 0)return`token ${a} is not in [0, ${s})`;if(t.length===0&&!this.#r.has(e))return"there are no tokens, and it has drawn none to go on from";if(!Number.isInteger(n)||n<0||n>Je)return`${n} tokens to draw, expected 0 to ${Je}`;if(n!==0)return o===void 0?"it draws without sampling":o.mask&&Fd(o.mask,s)}};function Fd(r,e){let t=Math.ceil(e/32);if(r.length!==t)return`its mask has ${r.length} words, expected ${t}`;let n=e%32===0?4294967295:2**(e%32)-1;return r.some((s,a)=>(a===t-1?s&n:s)!==0)?void 0:"its mask allows no token"}var Jr=class{shape;lanes;weightBytes;seamless=!0;lost;#e;#t;#r;constructor({shape:e,lanes:t,weightBytes:n,lost:o,threads:s}){this.shape=e,this.lanes=t,this.weightBytes=n,this.lost=o,this.#e=s,this.#t=new Xe(e,t)}get#n(){return this.#e[0]}async clear(e){this.#t.clear(e),await this.#n.do({name:"clear",lane:e})}async write(e,t){this.#t.write(e,t),await this.#n.do({name:"write",lane:e,values:t})}async read(e){return this.#t.expectLane(e),await this.#n.do({name:"read",lane:e})}async copy(e,t){this.#t.copy(e,t),await this.#n.do({name:"copy",from:e,to:t})}async step(e){return this.#t.step(e),await this.#n.do({name:"step",batch:e})}dispose(){return this.#r??=this.#o(),this.#r}async#o(){let e=new M("ERR_DEVICE_LOST","Cannot use the model: it was disposed of");await this.#n.do({name:"leave"}).catch(()=>{});for(let t of this.#e)t.end(e)}};function Ya(r,e){let{exports:t}=new WebAssembly.Instance(r,{env:{memory:e}});return t}function Nd(r,e){let[t,n,o,s]=r,[a,i]=e;for(let u=0;u<10;u++){let c=Ja(3528531795,t),d=Math.imul(3528531795,t),l=Ja(3449720151,o),f=Math.imul(3449720151,o);[t,n,o,s]=[l^n^a,f,c^s^i,d],a=a+2654435769|0,i=i+3144134277|0}return[t>>>0,n>>>0,o>>>0,s>>>0]}function Xa(r,e){let t=Math.floor(r/4294967296);return(Nd([r>>>0,t,0,0],e)[0]>>>8)/2**24}function Ja(r,e){let t=r>>>16,n=r&65535,o=e>>>16,s=e&65535,a=t*s+(n*s>>>16),i=n*o+(a&65535);return t*o+Math.floor(a/2**16)+(i>>>16)}var Ze=class{logits;bits;ids;weights;keys;groups;sorted;constructor(e){this.logits=new Float32Array(e),this.bits=new Uint32Array(this.logits.buffer),this.ids=new Uint32Array(e),this.weights=new Float32Array(e),this.keys=new Uint32Array(e),this.groups=new Float32Array(Math.ceil(e/64)),this.sorted=new Float32Array(this.groups.length)}};var Id=[{shift:21,size:2048},{shift:10,size:2048},{shift:0,size:1024}],Ct=new Float64Array(2048);function wo({bits:r,ids:e,keys:t},n){for(let o=0;o<n;o++){let s=r[e[o]];t[o]=!(s>>>31)||s===2147483648?s|2147483648:~s}}function xo(r,e,t,n){let{keys:o}=r,s=0,a=0;for(let{shift:i,size:u}of Id){Ct.fill(0);let c=u*2**i;for(let l=0;l<e;l++){let f=o[l]-s;f>=c||(Ct[f>>>i]+=n===void 0?1:n[l])}let d=-1;for(let l=u-1;l>=0&&!(Ct[l]!==0&&(d>=0&&(a+=Ct[d]),d=l,a+Ct[l]>=t));l--);s+=d*2**i,e=Wd(r,e,s)}return zd(r,e,{threshold:s,above:a,target:t,measure:n})}function Wd({ids:r,weights:e,keys:t},n,o){let s=0;for(let a=0;a<n;a++)t[a]<o||(r[s]=r[a],t[s]=t[a],e[s++]=e[a]);return s}function zd({ids:r,weights:e,keys:t},n,{threshold:o,above:s,target:a,measure:i}){let u=0,c=s;for(let d=0;d<n;d++){if(t[d]===o){if(c>=a)continue;c+=i===void 0?1:i[d]}r[u]=r[d],e[u++]=e[d]}return u}var Ft=class extends RangeError{};function ri(r,e,t=new Ze(r.length)){let{temperature:n,topK:o,topP:s,minP:a,position:i,seed:u}=e,c=jd(r,e,t);if(n===0)return c;let d=s<1||a<=0?ti:Math.log(a)-.001,l=n*Math.max(ti,d),f=Vd(t,Math.max(t.logits[c]+l,Hd(t,o)));o>0&&o<f&&(wo(t,f),f=xo(t,f,o,void 0));let p=Kd(t,f,c,n);if(s<1){f=ei(t,f,(1-s)*p/f),wo(t,f);let h=Math.max(s*p,Number.MIN_VALUE);f=xo(t,f,h,t.weights)}return a>0&&(f=ei(t,f,Math.min(a,1))),(s<1||a>0)&&(p=qd(t.weights,f)),Qd(t,f,Xa(i,u)*p)}function jd(r,e,{logits:t,groups:n}){t.set(r),X(e)&&Ps(t,e.counts,e);for(let[a,i]of e.logitBias)a<t.length&&(t[a]+=i);e.mask!==void 0&&Gd(t,e.mask);let o=-1,s=-1/0;for(let a=0,i=0;i<t.length;a++,i+=64){let u=Math.min(i+64,t.length),c=-1/0;for(let d=i;d<u;d++)t[d]>c&&(c=t[d]);n[a]=c,c>s&&(s=c,o=i)}if(o<0||s===1/0)throw new Ft(`Cannot sample: the largest logit is ${s}`);for(;t[o]!==s;)o++;return o}function Gd(r,e){let{length:t}=r;for(let n=0;n<t;n+=32){let o=n;for(;o<t&&e[o>>>5]===0;)o+=32;if(o>n){r.fill(-1/0,n,o),n=o-32;continue}for(let s=~e[n>>>5];s!==0;s&=s-1){let a=n+31-Math.clz32(s&-s);a<t&&(r[a]=-1/0)}}}function Hd({groups:r,sorted:e},t){return t<=0||t>r.length?-1/0:(e.set(r),e.sort(),e[e.length-t])}function Vd({logits:r,ids:e},t){let n=0;for(let o=0;o<r.length;o++)r[o]>=t&&(e[n++]=o);return n}function Kd({logits:r,ids:e,weights:t},n,o,s){let a=r[o],i=Math.LOG2E/s,u=0;for(let c=0;c<n;c++)t[c]=Jd((r[e[c]]-a)*i),u+=t[c];return u}function ei({ids:r,weights:e},t,n){let o=0;for(let s=0;s<t;s++)e[s]<n||(r[o]=r[s],e[o++]=e[s]);return o}function qd(r,e){let t=0;for(let n=0;n<e;n++)t+=r[n];return t}function Qd({ids:r,weights:e},t,n){let o=0;for(let s=0;s<t;s++)if(o+=e[s],o>n)return r[s];return r[t-1]}var ti=-32,Xr=64,Yd=Float64Array.from({length:47*Xr+1},(r,e)=>2**(-e/Xr));function Jd(r){let e=.5-r*Xr|0,t=(r+e/Xr)*Math.LN2;return Yd[e]*(1+t*(1+t*(1/2+t*(1/6))))}function ni(r,e){let{tokens:t,draw:n,sampling:o}=r,s={step:r,counts:new Ee(o?.counts),drawn:[],logits:[],unread:t,read:0,draws:n,stopped:!1,failure:void 0,rows:0,firstWanted:0};return t.length>0||e===void 0?s:e.stopped?{...s,draws:0,stopped:!0}:{...s,unread:[e.token]}}function et({unread:r,read:e}){return r.length-e}function Nt(r){return et(r)>0}function oi({step:r,drawn:e,stopped:t,logits:n,failure:o}){if(o!==void 0)return{drawn:e,stopped:t,failure:o};if(r.logits===void 0)return{drawn:e,stopped:t};let s=new Float32Array(n.reduce((i,u)=>i+u.length,0)),a=0;for(let i of n)s.set(i,a),a+=i.length;return{drawn:e,stopped:t,logits:s}}var Zr=class{#e;#t;#r;#n;#o;#s;#a;#i;#u=0;constructor(e,t,n,{V:o,lanes:s}){this.#e=e,this.#t=n,this.#r=o,this.#n=Array.from({length:s},()=>{}),this.#o=new Ze(o),this.#s=new Uint8Array(t.buffer),this.#a=new Uint32Array(t.buffer),this.#i=new Float32Array(t.buffer)}clear(e){let{stateBytes:t,tokens:n,logits:o,logitsStride:s,scratch:a}=this.#t,i=this.#p(e);this.#s.fill(0,i,i+t),this.#n[e]=void 0;let u=o+this.#u*s*4;this.#s.fill(0,n,u),this.#s.fill(0,a),this.#u=0}write(e,t){let{plan:n,scratch:o}=this.#t,s=this.#p(e);this.#i.set(t,o/4),this.#e.convertState(n,o,s),this.#n[e]=void 0}read(e){let{plan:t,scratch:n,stateBytes:o}=this.#t;return this.#e.convertState(t,this.#p(e),n),this.#y(n,o/4)}copy(e,t){let n=this.#p(e),o=this.#p(t),{stateBytes:s}=this.#t;this.#s.copyWithin(o,n,n+s),this.#n[t]=this.#n[e]}step(e){let t=e.map(n=>ni(n,this.#n[n.lane]));for(let n=t.filter(Nt);n.length>0;)this.#c(n),n=n.filter(Nt);return t.map(oi)}#c(e){let{plan:t,chunk:n,tokens:o,segments:s,wanted:a}=this.#t,i=0,u=0,c=0,d=e.toSorted((l,f)=>et(l)-et(f));for(let l of d){if(l.rows=Math.min(et(l),n-i),l.rows===0)continue;this.#a.set([l.step.lane,i,l.rows],s/4+u++*3);let p=l.rows===et(l)&&(l.draws>0||l.step.logits!==void 0);l.firstWanted=c;for(let h=0;h<l.rows;h++,i++)this.#a[o/4+i]=l.unread[l.read+h],(l.step.logits==="all"||p&&h===l.rows-1)&&(this.#a[a/4+c++]=i);l.read+=l.rows}this.#f("rows",i),this.#f("segments",u),this.#f("wanted",c),this.#u=Math.max(this.#u,c),this.#e.pass(t);for(let l of d)l.rows>0&&this.#l(l)}#l(e){let{logits:t,step:n,firstWanted:o}=e,s=n.logits==="all",a=o+(s?e.rows:1)-1,i=e.drawn.length===0,u=!Nt(e)&&n.logits==="last";Nt(e)||(this.#n[n.lane]=void 0,e.draws>0&&n.sampling!==void 0&&this.#d(e,n.sampling,this.#h(a)));for(let c=o;i&&(s||u)&&c<=a;c++)t.push(this.#y(this.#h(c),this.#r))}#d(e,t,n){try{this.#m(e,t,n)}catch(o){if(!(o instanceof Ft))throw o;e.failure=o.message,e.draws=0,this.#n[e.step.lane]={token:0,stopped:!0}}}#m(e,t,n){let{step:o,counts:s,drawn:a}=e,i=this.#i.subarray(n/4,n/4+this.#r),u=ri(i,{...t,counts:s,position:t.position+a.length},this.#o);a.push(u),X(t)&&s.draw(u,t.penaltyDecay),e.draws--,e.stopped=o.stopTokens?.has(u)===!0,e.draws>0&&!e.stopped?(e.unread=[u],e.read=0):this.#n[o.lane]={token:u,stopped:e.stopped}}#h(e){return this.#t.logits+e*this.#t.logitsStride*4}#p(e){return this.#t.states+e*this.#t.stateBytes}#y(e,t){return new Float32Array(this.#i.subarray(e/4,e/4+t))}#f(e,t){this.#a[(this.#t.plan+Ka(e))/4]=t}};var en=class{#e;#t;#r;constructor(e){let{module:t,memory:n,layout:o,thread:s}=e;this.#e=e,this.#t=Ya(t,n),!(s>0)&&(this.#r=new Zr(this.#t,n,o,e))}do(e){let t=this.#r;if(e.name==="pack")return this.#n(e);if(t===void 0)throw new TypeError(`Cannot ${e.name} on thread ${this.#e.thread}: thread 0 leads`);switch(e.name){case"clear":return t.clear(e.lane);case"write":return t.write(e.lane,e.values);case"read":return t.read(e.lane);case"copy":return t.copy(e.from,e.to);case"step":return t.step(e.batch);case"leave":return this.#t.leave(this.#e.layout.plan);case"serve":throw new TypeError("Cannot serve on thread 0: it leads")}}serve(){this.#t.serve(this.#e.layout.plan,this.#e.thread)}#n({place:e,row:t,width:n,values:o}){let{memory:s,layout:a,thread:i}=this.#e,u=a.scratch+i*a.scratchBytes,c=u+256;new Float32Array(s.buffer,c,o.length).set(o);let d=o.length/n,l=K[e.format],f=e.offset+t*e.rowBytes;if(e.kind==="rows")this.#t.packRows(l,c,d,n,f);else{let{columns:p}=e;this.#t.pack(l,c,d,n,p,f,u)}}};var tn=class{#e;#t=Promise.resolve();#r;constructor(e){this.#e=new en(e)}do(e){let t=this.#t.then(async()=>{if(await Xd(),this.#r!==void 0)throw this.#r;try{return this.#e.do(e)}catch(n){throw n instanceof RangeError||n instanceof TypeError?new M("ERR_DEVICE_FAILED",n.message):n}});return this.#t=t.catch(()=>{}),t}end(e){this.#r??=e}};function Xd(){return new Promise(r=>{let{port1:e,port2:t}=new MessageChannel;e.onmessage=()=>{e.close(),r()},t.postMessage(void 0)})}var It=class extends Error{reason;constructor(e,t){super(t),this.name="WorkerFailure",this.reason=e}},rn=class{#e;#t=new Map;#r=0;#n;constructor(e,t,{explain:n=s=>s,crashed:o}={}){this.#e=e,e.addEventListener("message",({data:s})=>this.#o(s)),e.addEventListener("error",s=>{if(s.preventDefault(),this.#n!==void 0)return;let a=n(new It("crashed",s.message));this.end(a),o?.(a)}),e.postMessage(t)}get alive(){return this.#n===void 0}async call(e,{transfer:t=[],patience:n}={}){if(this.#n!==void 0)throw this.#n;let o=this.#r++,{promise:s,resolve:a,reject:i}=y();this.#t.set(o,{resolve:a,reject:i});let u=n===void 0?void 0:setTimeout(()=>{i(new It("late",`it takes longer than ${n} ms`))},n);try{let c={id:o,request:e};return this.#e.postMessage(c,t),await s}finally{this.#t.delete(o),clearTimeout(u)}}end(e=new It("ended","it was closed")){if(this.#n===void 0){this.#n=e,this.#e.terminate();for(let{reject:t}of this.#t.values())t(e);this.#t.clear()}}#o({id:e,reply:t}){this.#t.get(e)?.resolve(t)}};var nn=class{#e;constructor(e,t){let n=new Worker(new URL("./thread.js",import.meta.url),{type:"module"});this.#e=new rn(n,e,{explain:({message:o})=>new M("ERR_DEVICE_LOST",`Cannot go on: worker ${e.thread} failed with ${o}`),crashed:t})}async do(e,t=[]){let n=await this.#e.call(e,{transfer:t});if("answer"in n)return n.answer;throw new M("ERR_DEVICE_FAILED",n.failure)}end(e){this.#e.end(e)}};var ef=64,tf=16,rf=65536,nf=65536;function vo(r={}){let{inline:e=!1,chunk:t=ef}=r,n=e?1:r.threads??Math.min(navigator.hardwareConcurrency,tf),o={inline:e,chunk:t,threads:n,kernels:r.kernels??void 0},s=new Set;return{kind:"wasm",name:`WebAssembly SIMD, ${n} thread${n===1?"":"s"}`,packing:ja,memory(a,i){let{bytes:u}=go(a,i,n,t);return{bytes:u,buffer:u}},load(a,i){let u=of(a,i,o);return s.add(u),u},async dispose(){let a=await Promise.allSettled(s);s.clear();for(let i of a)i.status==="fulfilled"&&await i.value.dispose()}}}async function of(r,e,{threads:t,chunk:n,inline:o,kernels:s}){o||sf();let{shape:a}=r,i=go(r,e,t,n),u=af(i,!o);for(let[g,x]of i.words)new Uint32Array(u.buffer,g,x.length).set(x);let{promise:c,resolve:d}=y(),l=[],f=g=>{for(let x of l)x.end(g);d(g)},p=g=>({module:s,memory:u,layout:i,thread:g,V:a.V,lanes:e.lanes}),h=g=>o?new tn(p(g)):new nn(p(g),f),m=h(0);l.push(m);let b=Array.from({length:t-1},(g,x)=>h(x+1));l.push(...b);try{await Qa(r,u,i,l,e),await Promise.all(b.map(g=>g.do({name:"serve"})))}catch(g){let x=g instanceof Error?g:new Error(String(g));for(let A of l)A.end(x);throw g}let{lanes:v}=e,{weightBytes:w}=i;return new Jr({shape:a,lanes:v,weightBytes:w,lost:c,threads:[m,...b]})}function sf(){if(Reflect.get(globalThis,"crossOriginIsolated")===!1)throw new M("ERR_DEVICE_UNAVAILABLE","Cannot compute on several threads: this page is not cross-origin isolated. Serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, or compute on the page's own thread (inline)")}function af({bytes:r},e){let t=Math.ceil(r/rf);try{return new WebAssembly.Memory({initial:t,maximum:t,shared:e})}catch(n){let o=(r/1073741824).toFixed(1),s=t>nf?"WebAssembly addresses 4; keep the matrices as int8 or int4":"this machine has less; keep the matrices as int8 or int4";throw new M("ERR_DEVICE_FAILED",`Cannot load the model: it takes ${o} GiB and ${s}`,{cause:n})}}var uf=["maxStorageBufferBindingSize","maxBufferSize"],cf=["timestamp-query"],si="packed_4x8_integer_dot_product",lf=32*2**20,df=/llvmpipe|lavapipe|swiftshader|software|basic render/i;function ai(r){let e=r.description||[r.vendor,r.architecture,r.device].filter(Boolean).join(" ")||"unnamed adapter";return{name:e,software:r.isFallbackAdapter===!0||df.test(e)}}function rt(r){return Math.max(16,Math.ceil(r/16)*16)}var Ao=new WeakMap,tt=class r{device;name;software;lost;#e=[];#t;#r=!1;#n=0;#o;constructor(e,{name:t,software:n},o){this.device=e,this.#t=o,this.name=t,this.software=n;let{promise:s,resolve:a}=y();this.lost=s,e.lost.then(({reason:i,message:u})=>{this.#o=new M("ERR_DEVICE_LOST",`Cannot use ${t}: the device was lost (${u||i})`),this.#r||a(this.#o)}),e.addEventListener("uncapturederror",i=>{i.preventDefault(),i instanceof GPUUncapturedErrorEvent&&this.#e.push(i.error.message)})}static async open({hardware:e}){let t=globalThis.navigator?.gpu,n=await t?.requestAdapter({powerPreference:"high-performance"});if(!t||!n)throw new M("ERR_DEVICE_UNAVAILABLE","Cannot open a WebGPU device: there is no adapter; install a Vulkan, Metal or Direct3D 12 driver, or use the wasm device");let o=ai(n.info);if(e&&o.software)throw new M("ERR_DEVICE_UNAVAILABLE",`Cannot use ${o.name}: it runs shaders on the CPU, where the wasm device is faster`);if(!t.wgslLanguageFeatures?.has(si))throw new M("ERR_DEVICE_UNAVAILABLE",`Cannot use ${o.name}: its WGSL has no ${si}; update the browser or the runtime, or use the wasm device`);let s=await n.requestDevice({requiredFeatures:cf.filter(a=>n.features.has(a)),requiredLimits:Object.fromEntries(uf.map(a=>[a,n.limits[a]]))}).catch(a=>{throw new M("ERR_DEVICE_UNAVAILABLE",`Cannot use ${o.name}: it gives no device (${a instanceof Error?a.message:a})`,{cause:a})});return new r(s,o,!0)}static on(e){return new r(e,ai(e.adapterInfo),!1)}get mostBytes(){let{maxStorageBufferBindingSize:e,maxBufferSize:t}=this.device.limits;return Math.min(e,t)}buffer(e,t,n=0){let{maxBufferSize:o}=this.device.limits;if(t>o)throw new M("ERR_DEVICE_FAILED",`Cannot hold ${e} on ${this.name}: it takes ${t} bytes, and a buffer at most ${o}`);return this.device.createBuffer({label:e,size:rt(t),usage:n||GPUBufferUsage.STORAGE|GPUBufferUsage.COPY_DST|GPUBufferUsage.COPY_SRC})}async write(e,t,n){let{queue:o}=this.device;o.writeBuffer(e,t,n),this.#n+=n.byteLength,!(this.#n<lf)&&(this.#n=0,o.submit([]),await o.onSubmittedWorkDone())}dispatch(e){let{label:t,source:n,constants:o,tensors:s,grid:a}=e,i=this.#s(t,n,o),u=this.device.createBindGroup({label:t,layout:i.getBindGroupLayout(0),entries:s.map(({buffer:c},d)=>({binding:d,resource:{buffer:c}}))});return{label:t,pipeline:i,bindings:u,grid:a}}async checked(e,t){let{device:n}=this,o=["out-of-memory","validation","internal"];for(let u of o)n.pushErrorScope(u);let s,a=[];try{s=await t()}finally{for(let u of o)a.push(await n.popErrorScope())}this.assertUsable();let i=a.find(u=>u!==null);if(!i)return s;throw new M("ERR_DEVICE_FAILED",`Cannot ${e} on ${this.name}: ${i.message}`)}assertUsable(){if(this.#o)throw this.#o;if(this.#e.length>0)throw new M("ERR_DEVICE_FAILED",`Cannot use ${this.name}: it refused a command: ${this.#e[0]}`)}dispose(){this.#r=!0,this.#t&&(Ao.delete(this.device),this.device.destroy())}#s(e,t,n){let o=JSON.stringify([e,t,n]),s=Ao.get(this.device)??new Map;Ao.set(this.device,s);let a=s.get(o);if(a)return a;let i=this.device.createShaderModule({label:e,code:t}),u=this.device.createComputePipeline({label:e,layout:"auto",compute:{module:i,constants:{...n}}});return s.set(o,u),u}};var ii=`override V: u32;
override B: u32;
override WIDTH: u32;const THREADS = 64u;
const GROUP = 256u;
const NONE = 0xffffffffu;
const DRAWS = 0x40000000u;
const LOWEST = -3.4028234e38;
const FORGOTTEN = 0.0009765625;const PENALIZED = 1u;
const BIASED = 2u;
const MASKED = 4u;struct Row {
token: u32,
lane: u32,
count: u32,
start: u32,
}struct Cursor {
token: u32,
done: u32,
pending: u32,
drawn: u32,
}struct Parameters {
temperature: f32,
top_p: f32,
min_p: f32,
presence: f32,
frequency: f32,
decay: f32,
top_k: u32,
flags: u32,
seed: vec2u,
position: vec2u,
zero: vec4u,
}@group(0) @binding(0) var<storage, read> rows: array<Row>;
@group(0) @binding(1) var<storage, read> cursors: array<Cursor>;
@group(0) @binding(2) var<storage, read> parameters: array<Parameters>;
@group(0) @binding(3) var<storage, read> logits: array<f32>;
@group(0) @binding(4) var<storage, read_write> tallies: array<f32>;
@group(0) @binding(5) var<storage, read> sets: array<u32>;
@group(0) @binding(6) var<storage, read_write> adjusted: array<f32>;
@group(0) @binding(7) var<storage, read_write> peaks: array<vec2u>;var<workgroup> best: array<vec2u, THREADS>;fn rounded(x: f32, zero: u32) -> f32 {
return bitcast<f32>(bitcast<u32>(x) | zero);
}fn key(x: f32) -> u32 {
let bits = bitcast<u32>(x);
return select(~bits, bits | 0x80000000u, bits <= 0x80000000u);
}fn better(a: vec2u, b: vec2u) -> vec2u {
return select(a, b, b.x > a.x || (b.x == a.x && b.y < a.y));
}@compute @workgroup_size(THREADS)
fn main(
@builtin(workgroup_id) group: vec3u,
@builtin(local_invocation_index) i: u32,
) {
let m = group.y;
let row = rows[m];
if (row.lane == NONE || (row.token & DRAWS) == 0u) {
return;
}
let p = parameters[row.lane];
let cursor = cursors[row.lane];var mine = vec2u(0u, NONE);
for (var v = group.x * GROUP + i; v < min(V, (group.x + 1u) * GROUP); v += THREADS) {
var x = logits[m * WIDTH + v];
if ((bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u) {
x = LOWEST;
}
if ((p.flags & PENALIZED) != 0u) {
let at = row.lane * V + v;
var c = tallies[at];
if (cursor.pending != 0u) {
if (p.decay != 1.0) {
c = rounded(c * p.decay, p.zero.x);
c = select(c, 0.0, c < FORGOTTEN);
}
c += select(0.0, 1.0, v == cursor.token);
tallies[at] = c;
}
if (c > 0.0) {
x -= rounded(p.presence + rounded(p.frequency * c, p.zero.x), p.zero.x);
}
}
if ((p.flags & BIASED) != 0u) {
x += tallies[(B + row.lane) * V + v];
}
if ((p.flags & MASKED) != 0u) {
let word = sets[2u * row.lane * ((V + 31u) / 32u) + v / 32u];
x = select(LOWEST, x, ((word >> (v % 32u)) & 1u) != 0u);
}
x = max(x, LOWEST);
adjusted[m * WIDTH + v] = x;
mine = better(mine, vec2u(key(x), v));
}best[i] = mine;
workgroupBarrier();
if (i < 8u) {
for (var j = 1u; j < 8u; j++) {
best[i * 8u] = better(best[i * 8u], best[i * 8u + j]);
}
}
workgroupBarrier();
if (i == 0u) {
var top = best[0];
for (var j = 8u; j < THREADS; j += 8u) {
top = better(top, best[j]);
}
peaks[m * ((V + GROUP - 1u) / GROUP) + group.x] = top;
}
}`;var ui=`override V: u32;
override B: u32;
override WIDTH: u32;
override MOST: u32;const THREADS = 256u;
const NONE = 0xffffffffu;
const DRAWS = 0x40000000u;
const LOWEST = -3.4028234e38;
const LEAST = -32.0;struct Row {
token: u32,
lane: u32,
count: u32,
start: u32,
}struct Cursor {
token: u32,
done: u32,
pending: u32,
drawn: u32,
}struct Parameters {
temperature: f32,
top_p: f32,
min_p: f32,
presence: f32,
frequency: f32,
decay: f32,
top_k: u32,
flags: u32,
seed: vec2u,
position: vec2u,
zero: vec4u,
}@group(0) @binding(0) var<storage, read> rows: array<Row>;
@group(0) @binding(1) var<storage, read_write> cursors: array<Cursor>;
@group(0) @binding(2) var<storage, read> parameters: array<Parameters>;
@group(0) @binding(3) var<storage, read> adjusted: array<f32>;
@group(0) @binding(4) var<storage, read> peaks: array<vec2u>;
@group(0) @binding(5) var<storage, read> sets: array<u32>;
@group(0) @binding(6) var<storage, read_write> candidates: array<u32>;
@group(0) @binding(7) var<storage, read_write> drawn: array<u32>;var<workgroup> best: array<vec2u, THREADS>;
var<workgroup> parts: array<f32, THREADS>;
var<workgroup> bins: array<vec4f, THREADS>;
var<workgroup> some: array<vec4f, 16>;
var<workgroup> found: atomic<u32>;
var<workgroup> last: atomic<u32>;
var<workgroup> cut: u32;fn key(x: f32) -> u32 {
let bits = bitcast<u32>(x);
return select(~bits, bits | 0x80000000u, bits <= 0x80000000u);
}fn scan(i: u32, own: f32) -> vec2f {
workgroupBarrier();
parts[i] = own;
workgroupBarrier();
var before = 0.0;
var total = 0.0;
for (var j = 0u; j < THREADS; j++) {
before = select(before, total, j == i);
total += parts[j];
}
return vec2f(before, total);
}fn across(i: u32, own: vec4f) -> vec4f {
workgroupBarrier();
bins[i] = own;
workgroupBarrier();
if (i < 16u) {
var sum = vec4f();
for (var j = 0u; j < 16u; j++) {
sum += bins[i * 16u + j];
}
some[i] = sum;
}
workgroupBarrier();
var sum = vec4f();
for (var j = 0u; j < 16u; j++) {
sum += some[j];
}
return sum;
}struct Cut {
key: u32,
token: u32,
}fn kept(token: u32, key: u32, cut: Cut) -> bool {
return key > cut.key || (key == cut.key && token <= cut.token);
}fn weight_at(m: u32, n: u32) -> f32 {
return bitcast<f32>(candidates[(B + m) * WIDTH + n]);
}struct Stretch {
start: u32,
end: u32,
}fn narrow(i: u32, m: u32, mine: Stretch, outer: Cut, floor: f32, goal: f32, weighted: bool) -> Cut {
var low = 0u;
var above = 0.0;
for (var shift = 28u; shift < 32u; shift -= 4u) {
var sums = array<f32, 16>();
for (var n = mine.start; n < mine.end; n++) {
let weight = weight_at(m, n);
if (weight < floor) {
continue;
}
let token = candidates[m * WIDTH + n];
let k = key(adjusted[m * WIDTH + token]);
if (k < low || (k - low) >> shift >= 16u || !kept(token, k, outer)) {
continue;
}
let measure = select(1.0, weight, weighted);
let digit = (k - low) >> shift;
for (var d = 0u; d < 16u; d++) {
sums[d] += select(0.0, measure, d == digit);
}
}
var totals: array<f32, 16>;
for (var b = 0u; b < 4u; b++) {
let four = across(i, vec4f(sums[4u * b], sums[4u * b + 1u], sums[4u * b + 2u], sums[4u * b + 3u]));
totals[4u * b] = four.x;
totals[4u * b + 1u] = four.y;
totals[4u * b + 2u] = four.z;
totals[4u * b + 3u] = four.w;
}
var digit = 0u;
var inside = 0.0;
for (var d = 16u; d > 0u; d--) {
let sum = totals[d - 1u];
if (sum > 0.0 && (inside == 0.0 || above + inside < goal)) {
above += inside;
inside = sum;
digit = d - 1u;
}
}
low += digit << shift;
}
var ties = 0.0;
var measure = 1.0;
for (var n = mine.start; n < mine.end; n++) {
let token = candidates[m * WIDTH + n];
let k = key(adjusted[m * WIDTH + token]);
if (k == low && kept(token, k, outer)) {
ties += 1.0;
}
}
if (weighted) {
measure = exp((value(low) - value(best[0].x)) / temperature);
}
let needed = max(1.0, ceil((goal - above) / measure));
let around = scan(i, ties);
if (i == 0u) {
cut = NONE;
}
workgroupBarrier();
if (around.x < needed && around.x + ties >= needed) {
var seen = around.x;
for (var n = mine.start; n < mine.end; n++) {
let token = candidates[m * WIDTH + n];
let k = key(adjusted[m * WIDTH + token]);
if (k == low && kept(token, k, outer)) {
seen += 1.0;
if (seen == needed) {
cut = token;
}
}
}
}
return Cut(low, workgroupUniformLoad(&cut));
}fn value(key: u32) -> f32 {
return bitcast<f32>(select(~key, key & 0x7fffffffu, key >= 0x80000000u));
}fn high(a: u32, b: u32) -> u32 {
let a1 = a >> 16u;
let a0 = a & 0xffffu;
let b1 = b >> 16u;
let b0 = b & 0xffffu;
let middle = a1 * b0 + ((a0 * b0) >> 16u);
let lower = a0 * b1 + (middle & 0xffffu);
return a1 * b1 + (middle >> 16u) + (lower >> 16u);
}fn uniform_at(position: vec2u, seed: vec2u) -> f32 {
var c = vec4u(position, 0u, 0u);
var k = seed;
for (var round = 0u; round < 10u; round++) {
let h0 = high(0xd2511f53u, c.x);
let h1 = high(0xcd9e8d57u, c.z);
c = vec4u(h1 ^ c.y ^ k.x, 0xcd9e8d57u * c.z, h0 ^ c.w ^ k.y, 0xd2511f53u * c.x);
k += vec2u(0x9e3779b9u, 0xbb67ae85u);
}
return f32(c.x >> 8u) / 16777216.0;
}var<private> temperature: f32;fn pick(i: u32, m: u32, p: Parameters, drawn_before: u32) -> u32 {
let top = value(best[0].x);
let groups = (V + THREADS - 1u) / THREADS;
var least = LEAST;
if (p.top_p >= 1.0 && p.min_p > 0.0) {
least = max(LEAST, log(p.min_p) - 1e-3);
}
var floor = key(fma(p.temperature, least, top));
if (i == 0u) {
cut = 0u;
}
workgroupBarrier();
if (p.top_k > 0u && p.top_k <= groups) {
for (var g = i; g < groups; g += THREADS) {
let own = peaks[m * groups + g].x;
var rank = 0u;
for (var o = 0u; o < groups; o++) {
let other = peaks[m * groups + o].x;
rank += u32(other > own || (other == own && o < g));
}
if (rank == p.top_k - 1u) {
cut = own;
}
}
}
floor = max(floor, workgroupUniformLoad(&cut));let stripe = (V + THREADS - 1u) / THREADS;
let end = min(V, (i + 1u) * stripe);
var count = 0.0;
for (var v = i * stripe; v < end; v++) {
count += select(0.0, 1.0, key(adjusted[m * WIDTH + v]) >= floor);
}
let places = scan(i, count);
var place = u32(places.x);
for (var v = i * stripe; v < end; v++) {
let x = adjusted[m * WIDTH + v];
if (key(x) >= floor) {
candidates[m * WIDTH + place] = v;
candidates[(B + m) * WIDTH + place] = bitcast<u32>(exp((x - top) / p.temperature));
place++;
}
}
if (i == 0u) {
cut = u32(places.y);
}
storageBarrier();
let n = workgroupUniformLoad(&cut);
let share = (n + THREADS - 1u) / THREADS;
let mine = Stretch(min(n, i * share), min(n, (i + 1u) * share));var limit = Cut(0u, NONE);
for (var stage = 0u; stage < 2u; stage++) {
let weighted = stage == 1u;
var goal = f32(p.top_k);
var light = 0.0;
if (weighted && p.top_p < 1.0) {
let total = scan(i, weigh(m, mine, limit, 0.0)).y;
goal = max(p.top_p * total, 1.1754944e-38);
light = (1.0 - p.top_p) * total / f32(n);
}
if (select(p.top_k > 0u && p.top_k < n, p.top_p < 1.0, weighted)) {
limit = narrow(i, m, mine, limit, light, goal, weighted);
}
}
let lightest = min(p.min_p, 1.0);
let own = weigh(m, mine, limit, lightest);
let sums = scan(i, own);let low = p.position.x + drawn_before;
let position = vec2u(low, p.position.y + u32(low < p.position.x));
let goal = uniform_at(position, p.seed) * sums.y;
if (i == 0u) {
atomicStore(&found, NONE);
atomicStore(&last, 0u);
cut = 0u;
}
workgroupBarrier();
if (own > 0.0) {
atomicMax(&last, i);
if (sums.x + own > goal) {
atomicMin(&found, i);
}
}
workgroupBarrier();
let reached = atomicLoad(&found);
if (i == select(reached, atomicLoad(&last), reached == NONE)) {
var seen = sums.x;
for (var c = mine.start; c < mine.end; c++) {
let token = candidates[m * WIDTH + c];
let weight = weight_at(m, c);
if (seen > goal || weight < lightest) {
continue;
}
if (kept(token, key(adjusted[m * WIDTH + token]), limit)) {
seen += weight;
cut = token;
}
}
}
return workgroupUniformLoad(&cut);
}fn weigh(m: u32, mine: Stretch, limit: Cut, lightest: f32) -> f32 {
var sum = 0.0;
for (var n = mine.start; n < mine.end; n++) {
let token = candidates[m * WIDTH + n];
let weight = weight_at(m, n);
if (weight >= lightest && kept(token, key(adjusted[m * WIDTH + token]), limit)) {
sum += weight;
}
}
return sum;
}@compute @workgroup_size(THREADS)
fn main(
@builtin(workgroup_id) group: vec3u,
@builtin(local_invocation_index) i: u32,
) {
let m = group.x;
let row = rows[m];
if (row.lane == NONE || (row.token & DRAWS) == 0u) {
return;
}
let p = parameters[row.lane];
temperature = p.temperature;
let groups = (V + THREADS - 1u) / THREADS;var mine = vec2u(0u, NONE);
for (var g = i; g < groups; g += THREADS) {
let peak = peaks[m * groups + g];
if (peak.x > mine.x) {
mine = peak;
}
}
best[i] = mine;
for (var span = THREADS / 2u; span > 0u; span >>= 1u) {
workgroupBarrier();
if (i < span) {
let other = best[i + span];
if (other.x > best[i].x || (other.x == best[i].x && other.y < best[i].y)) {
best[i] = other;
}
}
}
if (i == 0u) {
cut = cursors[row.lane].drawn;
}
let drawn_before = workgroupUniformLoad(&cut);
let peak = workgroupUniformLoad(&best[0]);var token = peak.y;
let finite = peak.x > key(LOWEST) && peak.x < key(bitcast<f32>(0x7f7fffffu)) + 1u;
if (!finite) {
token = NONE;
} else if (p.temperature > 0.0) {
token = pick(i, m, p, drawn_before);
}if (i == 0u) {
var stops = 1u;
if (token != NONE) {
let word = sets[(2u * row.lane + 1u) * ((V + 31u) / 32u) + token / 32u];
stops = (word >> (token % 32u)) & 1u;
}
cursors[row.lane] = Cursor(token, stops, 1u, drawn_before + 1u);
if (drawn_before < MOST) {
drawn[row.lane * MOST + drawn_before] = token;
}
}
}`;function be(r){return rt(4*r.reduce((e,t)=>e*t,1))}function ne(r,e,t,n){let o=t.reduce((i,u)=>i*u,1),s=r.buffer(e,4*o),a={label:e,shape:t,buffer:s};if(n){if(n.length!==o)throw new RangeError(`Cannot create ${e}: ${n.length} values for [${t.join(", ")}]`);r.device.queue.writeBuffer(s,0,n)}return a}function E({label:r,shape:e},t){if(!(e.length===t.length&&e.every((n,o)=>n===t[o])))throw new RangeError(`Cannot bind ${r}: shape is [${e.join(", ")}], expected [${t.join(", ")}]`)}var To=256,Wt=16;function ci(r,e){let{rows:t,cursors:n,parameters:o,logits:s,tallies:a}=e,{sets:i,adjusted:u,peaks:c,candidates:d,drawn:l}=e,[f,p]=s.shape,[,h,m]=a.shape,[,b]=l.shape,v=Math.ceil(m/To);return E(t,[t.shape[0],4]),E(n,[h,4]),E(o,[h,Wt]),E(a,[2,h,m]),E(i,[h,2,Math.ceil(m/32)]),E(u,[f,p]),E(c,[f,v,2]),E(d,[2,f,p]),E(l,[h,b]),[r.dispatch({label:"adjust",source:ii,constants:{V:m,B:h,WIDTH:p},tensors:[t,n,o,s,a,i,u,c],grid:({rows:w})=>[v,w]}),r.dispatch({label:"draw",source:ui,constants:{V:m,B:f,WIDTH:p,MOST:b},tensors:[t,n,o,u,c,i,d,l],grid:({rows:w})=>[w]})]}function ko(r,e,t=32){if(r.length%t!==0)throw new RangeError(`Cannot quantise weights: ${r.length} is not a multiple of ${t}`);let n=new Int8Array(r.length),o=new Float32Array(r.length/t),s=e===8?mf:yf;for(let a=0;a<o.length;a++)o[a]=s(r,[a*t,(a+1)*t],n);return{values:n,scales:o}}function mf(r,[e,t],n){let o=0;for(let i=e;i<t;i++){let u=Math.abs(r[i]);u>o&&(o=u)}let s=Math.f16round(o/127);if(s===0)return 0;let a=1/s;for(let i=e;i<t;i++){let u=Math.round(r[i]*a);n[i]=u>127?127:u<-127?-127:u}return s}var hf=[-8,-9,-7];function yf(r,[e,t],n){let o=0;for(let u=e;u<t;u++)Math.abs(r[u])>Math.abs(o)&&(o=r[u]);if(o===0)return 0;let s=-1,a=0,i=0;for(let u of hf){let c=u/o,d=0,l=0;for(let f=e;f<t;f++){let p=li(r[f]*c);d+=r[f]*p,l+=p*p}d*d>s*l&&(s=d*d/l,a=c,i=Math.f16round(d/l))}if(i===0)return 0;for(let u=e;u<t;u++)n[u]=li(r[u]*a);return i}function li(r){let e=Math.round(r);return e>7?7:e<-8?-8:e}var di="webgpu 2",O=64,We={F32:4,F16:8,BF16:8,int8:16,int4:32};function oe(r){return Math.ceil(r/O)*O}function fi(r,e,t){let n=r.length/e,o=We[t],s=e/o,a=Math.ceil(e/64),i=Math.ceil(n/O),u=on(r,t),c=16*i*s*O,d=u.scales.length/n,l=d>0?2*i*a*O:0,f=new Uint8Array(c+2*l),p=new Float16Array(f.buffer,c,l),{packed:h}=u,m=16/h.BYTES_PER_ELEMENT,b=u.view(f.buffer);for(let v=0;v<n;v++){let w=Math.floor(v/O),g=v*s*m,x=(w*s*O+v%O)*m;for(let A=0;A<s;A++){for(let T=0;T<m;T++)b[x+T]=h[g+T];g+=m,x+=O*m}for(let A=0;A<d;A++){let T=w*a+(A>>1);p[2*(T*O+v%O)+(A&1)]=u.scales[v*d+A]}}return f}function on(r,e){let t=new Float32Array(0);switch(e){case"F32":return{packed:new Uint32Array(r.buffer,r.byteOffset,r.length),scales:t,view:n=>new Uint32Array(n)};case"F16":return{packed:new Uint16Array(new Float16Array(r).buffer),scales:t,view:n=>new Uint16Array(n)};case"BF16":{let n=new Uint32Array(r.buffer,r.byteOffset,r.length);return{packed:Uint16Array.from(n,o=>o>>>16),scales:t,view:o=>new Uint16Array(o)}}case"int8":{let n=ko(r,8);return{packed:new Uint8Array(n.values.buffer),scales:n.scales,view:o=>new Uint8Array(o)}}case"int4":{let n=ko(r,4),o=n.values,s=new Uint8Array(o.length/2);for(let a=0,i=0;a<o.length;a+=8)for(let u=a;u<a+4;u++)s[i++]=o[u]+8|o[u+4]+8<<4;return{packed:s,scales:n.scales,view:a=>new Uint8Array(a)}}}}var So=4*2**20;function Eo(r,{columns:e,format:t},n){let o=e/We[t],s=r/O,a=Math.floor(n/(16*o*O));return pi(s,a).map(([i,u])=>({from:i,blocks:u-i,weights:[u-i,o,O,4],scales:zt(t)?[u-i,Math.ceil(e/64),O]:[1]}))}function sn({rows:r,columns:e,format:t},n){let o=4*e/We[t];return pi(r,Math.floor(n/(4*o))).map(([s,a])=>({from:s,to:a,table:[a-s,o],scales:zt(t)?[a-s,e/64]:[1]}))}function zt(r){return r==="int8"||r==="int4"}function pi(r,e){let t=Math.min(r,Math.max(1,e));return Array.from({length:Math.ceil(r/t)},(n,o)=>[o*t,Math.min(r,(o+1)*t)])}async function mi(r,e,t,{columns:n,format:o,pieces:s,most:a=r.mostBytes}){if(n%32!==0)throw new RangeError(`Cannot pack ${e}: ${n} columns are not a multiple of 32`);let i=t.reduce((v,{rows:w})=>v+oe(w),0),u=zt(o),c=Eo(i,{columns:n,format:o},a),d=c.map(({from:v,blocks:w,weights:g,scales:x})=>({weights:ne(r,e,g),scales:ne(r,`${e} scales`,x),from:v,blocks:w})),l=d.reduce((v,{weights:w,scales:g})=>v+w.buffer.size+g.buffer.size,0),f=16*n/We[o]*O,p=4*Math.ceil(n/64)*O,h=c[0]?.blocks??0,m=Math.max(1,Math.floor(So/f)),b=0;for(let v of t)for(let w=0;w<v.rows;){let g=d[Math.floor(b/h)],x=b-g.from,A=Math.min(m,g.blocks-x),T=Math.min(v.rows,w+A*O),P=Math.ceil((T-w)/O),_=P*f,F=async()=>{let U=await v.read(w,T);return fi(U,n,o)},$=_+(u?P*p:0),W=await(s?s.piece($,F):F()),{weights:G,scales:j}=g;await r.write(G.buffer,x*f,W.subarray(0,_)),u&&await r.write(j.buffer,x*p,W.subarray(_)),b+=P,w=T}return{label:e,rows:i,columns:n,format:o,parts:d,bytes:l}}function Ro(r,e){let t=new Uint8Array(r.length+e.length);return t.set(r),t.set(e,r.length),t}function Pe(r){return Math.ceil(r/8)*8}function nt({sources:r}){return r.reduce((e,[,t])=>e+oe(t),0)}function _o({sources:r,format:e,last:t}){return r.reduce((o,[,s])=>o+Pe(s),0)/(e==="F32"?1:2)+(t===void 0?0:1)}function ot({shape:r,stored:e,small:t=e},n){let{L:o,D:s,F:a,V:i,ranks:u,deep:c}=r;if(a%32!==0)throw new S("ERR_MODEL_UNSUPPORTED",`Cannot load the model: its feed-forward width ${a} is not a multiple of 32`);let d=Vr(e,n),l=Kr(t,n),f=(g,x)=>({kind:"table",name:g,rows:i,columns:x,format:d}),p=(g,x)=>({kind:"vectors",label:g,names:x,length:s}),h=g=>p(g,[`${g}.weight`,`${g}.bias`]),m=(g,x,A)=>{let P=_e(d)&&t!==e&&x.some(([_])=>Br.test(_))?"F32":d;return{kind:"matrix",label:g,sources:x,columns:A,format:P}},b=(g,x,A,T)=>({...{kind:"turned",label:g,sources:x,columns:A},format:l,...T!==void 0&&{last:T}}),v=g=>{let x=`blocks.${g}`,A=`${x}.att`,T=`${x}.ffn`,P=g===0?0:u.v,_=3*s+oe(P),F=_+oe(u.w),$=F+oe(u.a);return{attNorm:h(`${x}.ln1`),attLerp:p("lerps",[..."rkvwag"].map(W=>`${A}.x_${W}`)),stack:m("stack",[[`${A}.receptance.weight`,s],[`${A}.key.weight`,s],[`${A}.value.weight`,s],...P>0?[[`${A}.v1`,P]]:[],[`${A}.w1`,u.w],[`${A}.a1`,u.a],[`${A}.g1`,u.g]],s),planes:[s,2*s,_,F,$],ups:{words:b("ups",[[`${A}.w2`,u.w],[`${A}.a2`,u.a],...P>0?[[`${A}.v2`,P]]:[],[`${A}.g2`,u.g]],s),format:l,ranks:{w:Pe(u.w),a:Pe(u.a),v:Pe(P),g:Pe(u.g)},at:{v:3*s,w:_,a:F,g:$}},vectors:p("vectors",[`${A}.w0`,`${A}.a0`,g===0?void 0:`${A}.v0`,`${A}.k_k`,`${A}.k_a`,`${A}.r_k`]),headsNorm:h(`${A}.ln_x`),output:m("output",[[`${A}.output.weight`,s]],s),ffnNorm:h(`${x}.ln2`),ffnLerp:p("lerp",c?[`${T}.x_k`,void 0]:[`${T}.x_k`]),key:m("key",[[`${T}.key.weight`,a],...c?[[`${T}.s1`,c]]:[]],s),value:m("value",[[`${T}.value.weight`,s]],a),...c&&{deep:{table:f(`${T}.s_emb.weight`,c*c),up:b("deep",[[`${T}.s2`,c]],a,`${T}.s0`),format:l,rank:c,low:oe(a),layer:g*c*c}}}},w=Array.from({length:o},(g,x)=>v(x));return{format:d,table:f("emb.weight",s),layers:w,norm:h("blocks.0.ln0"),headNorm:h("ln_out"),head:m("head",[["head.weight",i]],s),...c&&{deepTurn:m("deep turn",w.map((g,x)=>[`blocks.${x}.ffn.s_emb_x.weight`,c*c]),s)}}}function*hi(r){if(Po(r))yield r;else if(typeof r=="object"&&r!==null)for(let e of Object.values(r))yield*hi(e)}function yi(r,e){return hi(r).flatMap(t=>{switch(t.kind){case"vectors":return[be([t.names.length,t.length])];case"turned":return[be([_o(t),t.columns])];case"matrix":return Eo(nt(t),t,e).flatMap(({weights:n,scales:o})=>[be(n),be(o)]);case"table":return sn(t,e).flatMap(({table:n,scales:o})=>[be(n),be(o)])}}).reduce((t,n)=>t+n,0)}function Po(r){return typeof r=="object"&&r!==null&&"kind"in r}function Mo(r){let e=new Set,t=n=>{n instanceof GPUBuffer?e.add(n):Array.isArray(n)?n.forEach(t):n!==null&&typeof n=="object"&&Object.values(n).forEach(t)};return t(r),[...e]}function Me(r){return r*66}var le=256;function bi(r,e){let{D:t,F:n,V:o,deep:s}=r,a=le,i=Math.ceil(e/8)*8,u=oe(o),{layers:c,deepTurn:d}=ot({shape:r,stored:"F32"},"none");return{state:[e,Me(t)],own:{cursors:[e,4],drawn:[e,Je],parameters:[e,Wt],tallies:[2,e,o],sets:[e,2,Math.ceil(o/32)],rows:[a,4],x:[a,t],mixed:[6,a,t],raw:[a,nt(c[c.length-1].stack)],first:[a,t],prepared:[7,a,t],y:[1,a,t],hidden:[a,n],logits:[i,u],adjusted:[i,u],peaks:[i,Math.ceil(o/To),2],candidates:[2,i,u]},rawFirst:[a,nt(c[0].stack)],...s!==void 0&&d!==void 0&&{deep:{wide:[a,nt(c[0].key)],turned:[a,nt(d)]}}}}function wi(r,e,t){let{L:n,D:o}=e,s=le,{state:a,own:i,rawFirst:u,deep:c}=bi(e,t),d=(p,h)=>ne(r,p,h),l=({buffer:p},h,m)=>({label:h,shape:m,buffer:p}),f=Object.fromEntries(Object.entries(i).map(([p,h])=>[p,d(p,h)]));return{...f,state:Array.from({length:n},()=>d("state",a)),single:l(f.mixed,"single",[1,s,o]),rawFirst:l(f.raw,"raw",u),...c&&{deep:{pair:l(f.mixed,"pair",[2,s,o]),wide:d("wide",c.wide),turned:d("turned",c.turned)}}}}function xi(r,e){let{state:t,own:n,deep:o}=bi(r,e);return[...Object.values(n),...o===void 0?[]:Object.values(o),...Array.from({length:r.L},()=>t)].map(be)}function vi(r,e,t){let{cursors:n,drawn:o,parameters:s,tallies:a,sets:i}=e,u=new Set([...e.state,n,o,s,a,i]);for(let l of Ti(e))u.has(l)||r.clearBuffer(l.buffer);for(let{buffer:l,shape:f}of[n,o,s,i])gi(r,l,f,t);let[,c,d]=a.shape;for(let l of[t,c+t])gi(r,a.buffer,[2*c,d],l)}function gi(r,e,[,...t],n){let o=4*t.reduce((s,a)=>s*a);r.clearBuffer(e,n*o,o)}function Ai(r){return[...new Set(Ti(r).map(({buffer:e})=>e))]}function Ti({deep:r,...e}){return[...Object.values(e).flat(),...Object.values(r??{})]}function an(r,e,t){for(let{pipeline:n,bindings:o,grid:s}of e)r.setPipeline(n),r.setBindGroup(0,o),r.dispatchWorkgroups(...s(t))}var ki=`override FORMAT: u32;
override UP: u32;
override FROM: u32;
override TO: u32;
override F: u32;
override WIDTH: u32;
override LOW: u32;
override RANK: u32;
override TURNED: u32;
override LAYER: u32;const NONE = 0xffffffffu;
const UNREAD = 0x80000000u;
const TOKEN = 0x3fffffffu;
const THREADS = 256u;struct Row {
token: u32,
lane: u32,
count: u32,
start: u32,
}struct Cursor {
token: u32,
done: u32,
pending: u32,
drawn: u32,
}@group(0) @binding(0) var<storage, read> rows: array<Row>;
@group(0) @binding(1) var<storage, read> cursors: array<Cursor>;
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read> scales: array<u32>;
@group(0) @binding(4) var<storage, read> turned: array<vec4f>;
@group(0) @binding(5) var<storage, read> wide: array<f32>;
@group(0) @binding(6) var<storage, read> up: array<u32>;
@group(0) @binding(7) var<storage, read_write> hidden: array<f32>;var<workgroup> parts: array<vec4f, THREADS>;
var<workgroup> sums: array<vec4f, 16>;fn values(row: u32, c: u32) -> vec4f {
let i = row * (RANK * RANK / 4u) + c;
if (FORMAT == 0u) {
return bitcast<vec4f>(vec4u(table[4u * i], table[4u * i + 1u], table[4u * i + 2u], table[4u * i + 3u]));
}
if (FORMAT == 1u) {
return vec4f(unpack2x16float(table[2u * i]), unpack2x16float(table[2u * i + 1u]));
}
if (FORMAT == 2u) {
let low = table[2u * i];
let high = table[2u * i + 1u];
return bitcast<vec4f>(vec4u(low << 16u, low & 0xffff0000u, high << 16u, high & 0xffff0000u));
}
let pair = unpack2x16float(scales[i / 16u]);
let scale = select(pair.x, pair.y, (i & 8u) != 0u);
if (FORMAT == 3u) {
return vec4f(unpack4xI8(table[i])) * scale;
}
let nibbles = (table[i / 2u] >> (4u * (i & 1u))) & 0x0f0f0f0fu;
return (vec4f(unpack4xU8(nibbles)) - 8.0) * scale;
}@compute @workgroup_size(THREADS)
fn main(
@builtin(workgroup_id) group: vec3u,
@builtin(local_invocation_index) i: u32,
) {
let m = group.y;
let row = rows[m];
var token = row.token & TOKEN;
if (row.lane != NONE && (row.token & UNREAD) != 0u) {
token = cursors[row.lane].token;
}
if (row.lane == NONE || token < FROM || token >= TO) {
return;
}
let quads = RANK / 4u;
let at_once = THREADS / quads;
let quad = i % quads;
var sum = vec4f();
if (i < at_once * quads) {
for (var e = i / quads; e < RANK; e += at_once) {
let c = e * quads + quad;
let E = values(token - FROM, c) + turned[(m * TURNED + LAYER) / 4u + c];
sum = fma(vec4f(wide[m * WIDTH + LOW + e]), E, sum);
}
}
parts[i] = sum;
workgroupBarrier();
if (i < quads) {
var whole = vec4f();
for (var p = 0u; p < at_once; p++) {
whole += parts[p * quads + i];
}
sums[i] = whole;
}
workgroupBarrier();let f = group.x * THREADS + i;
if (f >= F) {
return;
}
let words = select(2u, 1u, UP == 0u);
var gate = bitcast<f32>(up[RANK / words * F + f]);
for (var q = 0u; q < quads; q++) {
let s = sums[q];
if (UP == 0u) {
let n = 4u * q;
let w = bitcast<vec4f>(vec4u(up[n * F + f], up[(n + 1u) * F + f], up[(n + 2u) * F + f], up[(n + 3u) * F + f]));
gate = fma(w.w, s.w, fma(w.z, s.z, fma(w.y, s.y, fma(w.x, s.x, gate))));
} else {
let a = up[2u * q * F + f];
let b = up[(2u * q + 1u) * F + f];
var w = bitcast<vec4f>(vec4u(a << 16u, a & 0xffff0000u, b << 16u, b & 0xffff0000u));
if (UP == 1u) {
w = vec4f(unpack2x16float(a), unpack2x16float(b));
}
gate = fma(w.w, s.w, fma(w.z, s.z, fma(w.y, s.y, fma(w.x, s.x, gate))));
}
}
let k = max(wide[m * WIDTH + f], 0.0);
hidden[m * F + f] = k * k * gate;
}`;var bf=256;function Si(r,{rows:e,cursors:t,turned:n,wide:o,hidden:s},{table:a,up:i,format:u,rank:c,low:d,layer:l},f){let[p,h]=s.shape,[,m]=o.shape,[,b]=n.shape,v=c*c,w={F32:32,F16:16,BF16:16,int8:8,int4:4}[f];if(c%8!==0||c>64)throw new RangeError(`Cannot gate: rank ${c} is not a multiple of 8 up to 64`);return E(e,[p,4]),E(t,[t.shape[0],4]),E(n,[p,b]),E(o,[p,m]),E(i,[1+(u==="F32"?c:c/2),h]),a.map(({from:g,to:x,table:A,scales:T})=>{let P=x-g;return E(A,[P,v*w/32]),E(T,w<=8?[P,v/64]:[1]),r.dispatch({label:"deep",source:ki,constants:{FORMAT:K[f],UP:K[u],FROM:g,TO:x,F:h,WIDTH:m,LOW:d,RANK:c,TURNED:b,LAYER:l},tensors:[e,t,A,T,n,o,i,s],grid:({rows:_})=>[Math.ceil(h/bf),_]})})}var Ei=`override D: u32;
override FORMAT: u32;
override FROM: u32;
override TO: u32;
override THREADS: u32;const NONE = 0xffffffffu;
const UNREAD = 0x80000000u;
const TOKEN = 0x3fffffffu;struct Row {
token: u32,
lane: u32,
count: u32,
start: u32,
}struct Cursor {
token: u32,
done: u32,
pending: u32,
drawn: u32,
}@group(0) @binding(0) var<storage, read_write> rows: array<Row>;
@group(0) @binding(1) var<storage, read> cursors: array<Cursor>;
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read> scales: array<u32>;
@group(0) @binding(4) var<storage, read> norm: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> x: array<vec4f>;var<workgroup> found: u32;
var<workgroup> sums: array<f32, THREADS>;
var<workgroup> some: array<f32, 16>;fn columns(row: u32, c: u32) -> vec4f {
let i = row * (D / 4u) + c;
if (FORMAT == 0u) {
return bitcast<vec4f>(vec4u(table[4u * i], table[4u * i + 1u], table[4u * i + 2u], table[4u * i + 3u]));
}
if (FORMAT == 1u) {
return vec4f(unpack2x16float(table[2u * i]), unpack2x16float(table[2u * i + 1u]));
}
if (FORMAT == 2u) {
let low = table[2u * i];
let high = table[2u * i + 1u];
return bitcast<vec4f>(vec4u(low << 16u, low & 0xffff0000u, high << 16u, high & 0xffff0000u));
}
let pair = unpack2x16float(scales[i / 16u]);
let scale = select(pair.x, pair.y, (i & 8u) != 0u);
if (FORMAT == 3u) {
return vec4f(unpack4xI8(table[i])) * scale;
}
let nibbles = (table[i / 2u] >> (4u * (i & 1u))) & 0x0f0f0f0fu;
return (vec4f(unpack4xU8(nibbles)) - 8.0) * scale;
}fn total(i: u32, own: f32) -> f32 {
workgroupBarrier();
sums[i] = own;
workgroupBarrier();
if (i < 16u) {
var sum = 0.0;
for (var j = i; j < THREADS; j += 16u) {
sum += sums[j];
}
some[i] = sum;
}
workgroupBarrier();
var sum = 0.0;
for (var j = 0u; j < 16u; j++) {
sum += some[j];
}
return sum;
}@compute @workgroup_size(THREADS)
fn main(
@builtin(workgroup_id) group: vec3u,
@builtin(local_invocation_index) i: u32,
) {
let m = group.x;
if (i == 0u) {
let row = rows[m];
found = row.token & TOKEN;
if (row.lane == NONE) {
found = NONE;
} else if ((row.token & UNREAD) != 0u) {
found = cursors[row.lane].token;
if (cursors[row.lane].done != 0u) {
rows[m].lane = NONE;
found = NONE;
}
}
}
let token = workgroupUniformLoad(&found);if (token == NONE) {
for (var c = i; c < D / 4u; c += THREADS) {
x[m * (D / 4u) + c] = vec4f();
}
return;
}
if (token < FROM || token >= TO) {
return;
}var sum = 0.0;
for (var c = i; c < D / 4u; c += THREADS) {
let e = columns(token - FROM, c);
sum += (e.x + e.y) + (e.z + e.w);
}
let mean = total(i, sum) / f32(D);var squares = 0.0;
for (var c = i; c < D / 4u; c += THREADS) {
let e = columns(token - FROM, c) - mean;
squares += dot(e, e);
}
let scale = inverseSqrt(total(i, squares) / f32(D) + 1e-5);for (var c = i; c < D / 4u; c += THREADS) {
let e = columns(token - FROM, c) - mean;
x[m * (D / 4u) + c] = fma(e * scale, norm[c], norm[D / 4u + c]);
}
}`;function st(r){return Math.min(256,r/4)}function Ri(r,{rows:e,cursors:t,part:n,norm:o,x:s},a){let[i,u]=s.shape,{from:c,to:d,table:l,scales:f}=n,p=d-c,h={F32:32,F16:16,BF16:16,int8:8,int4:4}[a];return E(e,[i,4]),E(t,[t.shape[0],4]),E(l,[p,u*h/32]),E(f,h<=8?[p,u/64]:[1]),E(o,[2,u]),r.dispatch({label:"embed",source:Ei,constants:{D:u,THREADS:st(u),FORMAT:K[a],FROM:c,TO:d},tensors:[e,t,l,f,o,s],grid:({rows:m})=>[m]})}var _i=`override D: u32;
override P: u32;
override R: u32;
override STRIDE: u32;
override SHIFT: u32;
override THREADS: u32;const NONE = 0xffffffffu;struct Row {
token: u32,
lane: u32,
count: u32,
start: u32,
}@group(0) @binding(0) var<storage, read> rows: array<Row>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> norm: array<vec4f>;
@group(0) @binding(3) var<storage, read> lerp: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> state: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> mixed: array<vec4f>;var<workgroup> sums: array<vec2f, THREADS>;
var<workgroup> some: array<vec2f, 16>;fn total(i: u32, own: vec2f) -> vec2f {
workgroupBarrier();
sums[i] = own;
workgroupBarrier();
if (i < 16u) {
var sum = vec2f();
for (var j = i; j < THREADS; j += 16u) {
sum += sums[j];
}
some[i] = sum;
}
workgroupBarrier();
var sum = vec2f();
for (var j = 0u; j < 16u; j++) {
sum += some[j];
}
return sum;
}fn normalize(e: vec4f, mean: f32, scale: f32, c: u32) -> vec4f {
return fma((e - mean) * scale, norm[c], norm[D / 4u + c]);
}@compute @workgroup_size(THREADS)
fn main(
@builtin(workgroup_id) group: vec3u,
@builtin(local_invocation_index) i: u32,
) {
let m = group.x;
let row = rows[m];
if (row.lane == NONE) {
return;
}
let begins = row.count != 0u;
let own = m * (D / 4u);
let other = select(m - 1u, m + row.count - 1u, begins) * (D / 4u);var sum = vec2f();
for (var c = i; c < D / 4u; c += THREADS) {
let a = x[own + c];
let b = x[other + c];
sum += vec2f((a.x + a.y) + (a.z + a.w), (b.x + b.y) + (b.z + b.w));
}
let mean = total(i, sum) / f32(D);var squares = vec2f();
for (var c = i; c < D / 4u; c += THREADS) {
let a = x[own + c] - mean.x;
let b = x[other + c] - mean.y;
squares += vec2f(dot(a, a), dot(b, b));
}
let scale = inverseSqrt(total(i, squares) / f32(D) + 1e-5);for (var c = i; c < D / 4u; c += THREADS) {
let u = normalize(x[own + c], mean.x, scale.x, c);
var before = normalize(x[other + c], mean.y, scale.y, c);
if (begins) {
let at = (row.lane * STRIDE + SHIFT) / 4u + c;
let last = before;
before = state[at];
state[at] = last;
}
for (var p = 0u; p < P; p++) {
mixed[(p * R + m) * (D / 4u) + c] = fma(before - u, lerp[p * (D / 4u) + c], u);
}
}
}`;function Uo(r,{rows:e,x:t,norm:n,lerp:o,state:s,mixed:a},i){let[u,c]=t.shape,[d]=o.shape,l=c*66;return E(e,[u,4]),E(n,[2,c]),E(o,[d,c]),E(s,[s.shape[0],l]),E(a,[d,u,c]),r.dispatch({label:`mix ${i}`,source:_i,constants:{D:c,THREADS:st(c),P:d,R:u,STRIDE:l,SHIFT:i==="att"?0:c*65},tensors:[e,t,n,o,s,a],grid:({rows:f})=>[f]})}var Pi=`override D: u32;
override THREADS: u32;@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> norm: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;var<workgroup> sums: array<f32, THREADS>;
var<workgroup> some: array<f32, 16>;fn total(i: u32, own: f32) -> f32 {
workgroupBarrier();
sums[i] = own;
workgroupBarrier();
if (i < 16u) {
var sum = 0.0;
for (var j = i; j < THREADS; j += 16u) {
sum += sums[j];
}
some[i] = sum;
}
workgroupBarrier();
var sum = 0.0;
for (var j = 0u; j < 16u; j++) {
sum += some[j];
}
return sum;
}@compute @workgroup_size(THREADS)
fn main(
@builtin(workgroup_id) group: vec3u,
@builtin(local_invocation_index) i: u32,
) {
let row = group.x * (D / 4u);var sum = 0.0;
for (var c = i; c < D / 4u; c += THREADS) {
let e = x[row + c];
sum += (e.x + e.y) + (e.z + e.w);
}
let mean = total(i, sum) / f32(D);var squares = 0.0;
for (var c = i; c < D / 4u; c += THREADS) {
let e = x[row + c] - mean;
squares += dot(e, e);
}
let scale = inverseSqrt(total(i, squares) / f32(D) + 1e-5);for (var c = i; c < D / 4u; c += THREADS) {
out[row + c] = fma((x[row + c] - mean) * scale, norm[c], norm[D / 4u + c]);
}
}`;function Mi(r,{x:e,norm:t,out:n}){let[o,s]=e.shape;return E(t,[2,s]),E(n,[1,o,s]),r.dispatch({label:"normalize",source:Pi,constants:{D:s,THREADS:st(s)},tensors:[e,t,n],grid:({rows:a})=>[a]})}var Ui=`const N = 64u;override D: u32;
override R: u32;
override WIDTH: u32;
override FORMAT: u32;
override RANK_W: u32;
override RANK_A: u32;
override RANK_V: u32;
override RANK_G: u32;
override AT_V: u32;
override AT_W: u32;
override AT_A: u32;
override AT_G: u32;
override FIRST: bool;
override TILE: u32;
override SPLIT: u32;@group(0) @binding(0) var<storage, read> raw: array<f32>;
@group(0) @binding(1) var<storage, read> ups: array<vec4u>;
@group(0) @binding(2) var<storage, read> vectors: array<f32>;
@group(0) @binding(3) var<storage, read_write> v_first: array<f32>;
@group(0) @binding(4) var<storage, read_write> prepared: array<f32>;const QUADS = 16u;var<workgroup> parts: array<f32, 4u * SPLIT * N>;
var<workgroup> terms: array<vec2f, N>;
var<workgroup> sums: array<vec2f, 8>;fn sigmoid(x: f32) -> f32 {
return 1.0 / (1.0 + exp(-x));
}fn share(row0: u32, quad: u32, part: u32, first: u32, rank: u32, at: u32) -> array<vec4f, 4> {
var sums: array<vec4f, 4>;
let words = select(2u, 1u, FORMAT == 0u);
for (var n = part; n < rank / words; n += SPLIT) {
let word = ups[(first + n) * (D / 4u) + quad];
if (FORMAT == 0u) {
for (var m = 0u; m < TILE; m++) {
sums[m] = fma(bitcast<vec4f>(word), vec4f(raw[(row0 + m) * WIDTH + at + n]), sums[m]);
}
} else {
var even = bitcast<vec4f>(word << vec4u(16u));
var odd = bitcast<vec4f>(word & vec4u(0xffff0000u));
if (FORMAT == 1u) {
let x = unpack2x16float(word.x);
let y = unpack2x16float(word.y);
let z = unpack2x16float(word.z);
let w = unpack2x16float(word.w);
even = vec4f(x.x, y.x, z.x, w.x);
odd = vec4f(x.y, y.y, z.y, w.y);
}
for (var m = 0u; m < TILE; m++) {
let h = (row0 + m) * WIDTH + at + 2u * n;
sums[m] = fma(odd, vec4f(raw[h + 1u]), fma(even, vec4f(raw[h]), sums[m]));
}
}
}
return sums;
}fn place(matrix: u32, part: u32, quad: u32, sum: vec4f) {
let at = (matrix * SPLIT + part) * N + 4u * quad;
parts[at] = sum.x;
parts[at + 1u] = sum.y;
parts[at + 2u] = sum.z;
parts[at + 3u] = sum.w;
}@compute @workgroup_size(QUADS, SPLIT)
fn main(
@builtin(workgroup_id) group: vec3u,
@builtin(local_invocation_id) local: vec3u,
@builtin(local_invocation_index) i: u32,
) {
let row0 = group.y * TILE;
let quad = local.x;
let part = local.y;
let words = select(2u, 1u, FORMAT == 0u);
let from_a = RANK_W / words;
let from_v = from_a + RANK_A / words;
let from_g = from_v + RANK_V / words;
let channels = group.x * QUADS + quad;
let sum_w = share(row0, channels, part, 0u, RANK_W, AT_W);
let sum_a = share(row0, channels, part, from_a, RANK_A, AT_A);
let sum_v = share(row0, channels, part, from_v, RANK_V, AT_V);
let sum_g = share(row0, channels, part, from_g, RANK_G, AT_G);
let d = group.x * N + i;
for (var m = 0u; m < TILE; m++) {
let row = row0 + m;
let at = row * D + d;
workgroupBarrier();
place(0u, part, quad, sum_w[m]);
place(1u, part, quad, sum_a[m]);
place(2u, part, quad, sum_v[m]);
place(3u, part, quad, sum_g[m]);
workgroupBarrier();
var a = 0.0;
var removal = 0.0;
var v = 0.0;
if (i < N) {
var sum = vec4f();
for (var q = 0u; q < SPLIT; q++) {
let p = q * N + i;
sum += vec4f(parts[p], parts[SPLIT * N + p], parts[2u * SPLIT * N + p], parts[3u * SPLIT * N + p]);
}
a = sigmoid(vectors[D + d] + sum.y);
let k = raw[row * WIDTH + D + d];
removal = k * vectors[3u * D + d];
v = raw[row * WIDTH + 2u * D + d];
if (FIRST) {
v_first[at] = v;
} else {
v = fma(v_first[at] - v, sigmoid(vectors[2u * D + d] + sum.z), v);
}
prepared[at] = exp(-0.606531 * sigmoid(vectors[d] + sum.x));
let key = k * fma(a - 1.0, vectors[4u * D + d], 1.0);
prepared[R * D + at] = key;
terms[i] = vec2f(removal * removal, raw[row * WIDTH + d] * key * vectors[5u * D + d]);
prepared[2u * R * D + at] = v;
prepared[5u * R * D + at] = sum.w;
}
workgroupBarrier();
if (i < 8u) {
var sum = vec2f();
for (var j = 0u; j < 8u; j++) {
sum += terms[i * 8u + j];
}
sums[i] = sum;
}
workgroupBarrier();
if (i < N) {
var sum = vec2f();
for (var j = 0u; j < 8u; j++) {
sum += sums[j];
}
let kappa = removal / max(sqrt(sum.x), 1e-12);
prepared[3u * R * D + at] = kappa;
prepared[4u * R * D + at] = kappa * a;
prepared[6u * R * D + at] = sum.y * v;
}
}
}`;var Bi={decode:{TILE:1,SPLIT:8},chunk:{TILE:4,SPLIT:4}};function Oi(r,{raw:e,ups:t,vectors:n,first:o,prepared:s},{layer:a,path:i}){let[u,c]=o.shape,[,d]=e.shape,{ranks:l,at:f,format:p}=t,h=l.w+l.a+l.v+l.g;return E(e,[u,d]),E(t.words,[p==="F32"?h:h/2,c]),E(n,[6,c]),E(s,[7,u,c]),r.dispatch({label:"prepare",source:Ui,constants:{D:c,R:u,WIDTH:d,FORMAT:K[p],RANK_W:l.w,RANK_A:l.a,RANK_V:l.v,RANK_G:l.g,AT_V:f.v,AT_W:f.w,AT_A:f.a,AT_G:f.g,FIRST:a===0?1:0,...Bi[i]},tensors:[e,t.words,n,o,s],grid:({rows:m})=>[c/64,Math.ceil(m/Bi[i].TILE)]})}var Di=`override FORMAT: u32;
override K: u32;
override R: u32;
override WIDTH: u32;
override BLOCK0: u32;
override RELU2: bool;
override TANH: u32;
override SIGMOID: u32;
override ADD: bool;
override B1: u32;
override B2: u32;
override B3: u32;
override B4: u32;
override B5: u32;const BLOCK = 64u;
const SIDE = 8u;
const PITCH = 9u;@group(0) @binding(0) var<storage, read> weights: array<vec4u>;
@group(0) @binding(1) var<storage, read> scales: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;var<workgroup> tile: array<vec4f, BLOCK * PITCH>;fn unpack(q: vec4u, j: u32) -> vec4f {
if (FORMAT == 0u) {
return bitcast<vec4f>(q);
}
if (FORMAT == 1u) {
let pair = select(q.xy, q.zw, j == 1u);
return vec4f(unpack2x16float(pair.x), unpack2x16float(pair.y));
}
if (FORMAT == 2u) {
let pair = select(q.xy, q.zw, j == 1u);
return bitcast<vec4f>(vec4u(pair.x << 16u, pair.x & 0xffff0000u, pair.y << 16u, pair.y & 0xffff0000u));
}
if (FORMAT == 3u) {
return vec4f(unpack4xI8(q[j]));
}
return vec4f(unpack4xU8((q[j >> 1u] >> (4u * (j & 1u))) & 0x0f0f0f0fu)) - 8.0;
}fn act(x: f32, plane: u32) -> f32 {
if (RELU2) {
let positive = max(x, 0.0);
return positive * positive;
}
if (plane == TANH) {
let e = exp(-2.0 * abs(x));
return sign(x) * (1.0 - e) / (1.0 + e);
}
return select(x, 1.0 / (1.0 + exp(-x)), plane == SIGMOID);
}@compute @workgroup_size(SIDE, SIDE)
fn main(
@builtin(workgroup_id) group: vec3u,
@builtin(local_invocation_id) local: vec3u,
) {
let block = group.x;
let lane = local.x;
let global = block + BLOCK0;
let plane = u32(global >= B1) + u32(global >= B2) + u32(global >= B3) + u32(global >= B4) + u32(global >= B5);
let row0 = group.y * BLOCK;
let loads = select(select(select(8u, 4u, FORMAT >= 1u), 2u, FORMAT == 3u), 1u, FORMAT == 4u);
let quads = 8u / loads;var acc: array<f32, 64>;
for (var c = 0u; c < K / 32u; c++) {
workgroupBarrier();
for (var n = 0u; n < SIDE; n++) {
let row = n * SIDE + local.y;
tile[row * PITCH + local.x] = x[(plane * R + row0 + row) * (K / 4u) + c * 8u + local.x];
}
workgroupBarrier();var scale: array<f32, SIDE>;
if (FORMAT >= 3u) {
for (var o = 0u; o < SIDE; o++) {
let pair = unpack2x16float(scales[(block * ((K + 32u) / 64u) + c / 2u) * BLOCK + lane + SIDE * o]);
scale[o] = select(pair.x, pair.y, (c & 1u) == 1u);
}
}
for (var l = 0u; l < loads; l++) {
let at = ((block * (K / 32u) + c) * loads + l) * BLOCK + lane;
var q: array<vec4u, SIDE>;
for (var o = 0u; o < SIDE; o++) {
q[o] = weights[at + SIDE * o];
}
for (var j = 0u; j < quads; j++) {
var w: array<vec4f, SIDE>;
for (var o = 0u; o < SIDE; o++) {
w[o] = unpack(q[o], j);
if (FORMAT >= 3u) {
w[o] *= scale[o];
}
}
for (var m = 0u; m < SIDE; m++) {
let e = tile[(local.y * SIDE + m) * PITCH + l * quads + j];
for (var o = 0u; o < SIDE; o++) {
acc[m * SIDE + o] = fma(w[o].w, e.w, fma(w[o].z, e.z, fma(w[o].y, e.y, fma(w[o].x, e.x, acc[m * SIDE + o]))));
}
}
}
}
}for (var m = 0u; m < SIDE; m++) {
for (var o = 0u; o < SIDE; o++) {
var sum = acc[m * SIDE + o];
sum = act(sum, plane);
let at = (row0 + local.y * SIDE + m) * WIDTH + global * BLOCK + lane + SIDE * o;
if (ADD) {
sum += y[at];
}
y[at] = sum;
}
}
}`;var Li=`override FORMAT: u32;
override K: u32;
override R: u32;
override WIDTH: u32;
override BLOCK0: u32;
override TILE: u32;
override ROWS: u32;
override LANES: u32;
override SPLIT: u32;
override RELU2: bool;
override TANH: u32;
override SIGMOID: u32;
override ADD: bool;
override B1: u32;
override B2: u32;
override B3: u32;
override B4: u32;
override B5: u32;const BLOCK = 64u;@group(0) @binding(0) var<storage, read> weights: array<vec4u>;
@group(0) @binding(1) var<storage, read> scales: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;var<workgroup> parts: array<f32, SPLIT * BLOCK>;fn unpack(q: vec4u, j: u32) -> vec4f {
if (FORMAT == 0u) {
return bitcast<vec4f>(q);
}
if (FORMAT == 1u) {
let pair = select(q.xy, q.zw, j == 1u);
return vec4f(unpack2x16float(pair.x), unpack2x16float(pair.y));
}
if (FORMAT == 2u) {
let pair = select(q.xy, q.zw, j == 1u);
return bitcast<vec4f>(vec4u(pair.x << 16u, pair.x & 0xffff0000u, pair.y << 16u, pair.y & 0xffff0000u));
}
if (FORMAT == 3u) {
return vec4f(unpack4xI8(q[j]));
}
return vec4f(unpack4xU8((q[j >> 1u] >> (4u * (j & 1u))) & 0x0f0f0f0fu)) - 8.0;
}fn act(x: f32, plane: u32) -> f32 {
if (RELU2) {
let positive = max(x, 0.0);
return positive * positive;
}
if (plane == TANH) {
let e = exp(-2.0 * abs(x));
return sign(x) * (1.0 - e) / (1.0 + e);
}
return select(x, 1.0 / (1.0 + exp(-x)), plane == SIGMOID);
}@compute @workgroup_size(LANES, SPLIT)
fn main(
@builtin(workgroup_id) group: vec3u,
@builtin(local_invocation_id) local: vec3u,
) {
let per_block = BLOCK / (LANES * ROWS);
let block = group.x / per_block;
let lane = (group.x % per_block) * LANES * ROWS + local.x;
let global = block + BLOCK0;
let plane = u32(global >= B1) + u32(global >= B2) + u32(global >= B3) + u32(global >= B4) + u32(global >= B5);
let row0 = group.y * TILE;
let loads = select(select(select(8u, 4u, FORMAT >= 1u), 2u, FORMAT == 3u), 1u, FORMAT == 4u);
let quads = 8u / loads;var acc: array<f32, 64>;
for (var c = local.y; c < K / 32u; c += SPLIT) {
var scale = array<f32, 8>();
if (FORMAT >= 3u) {
for (var r = 0u; r < ROWS; r++) {
let pair = unpack2x16float(scales[(block * ((K + 32u) / 64u) + c / 2u) * BLOCK + lane + LANES * r]);
scale[r] = select(pair.x, pair.y, (c & 1u) == 1u);
}
}
for (var l = 0u; l < loads; l++) {
let at = ((block * (K / 32u) + c) * loads + l) * BLOCK + lane;
var q: array<vec4u, 8>;
for (var r = 0u; r < ROWS; r++) {
q[r] = weights[at + LANES * r];
}
for (var j = 0u; j < quads; j++) {
let k = c * 8u + l * quads + j;
var w: array<vec4f, 8>;
for (var r = 0u; r < ROWS; r++) {
w[r] = unpack(q[r], j);
if (FORMAT >= 3u) {
w[r] *= scale[r];
}
}
for (var m = 0u; m < TILE; m++) {
let e = x[(plane * R + row0 + m) * (K / 4u) + k];
for (var r = 0u; r < ROWS; r++) {
acc[r * TILE + m] = fma(w[r].w, e.w, fma(w[r].z, e.z, fma(w[r].y, e.y, fma(w[r].x, e.x, acc[r * TILE + m]))));
}
}
}
}
}for (var m = 0u; m < TILE; m++) {
workgroupBarrier();
for (var r = 0u; r < ROWS; r++) {
parts[local.y * BLOCK + r * LANES + local.x] = acc[r * TILE + m];
}
workgroupBarrier();
for (var o = local.y; o < ROWS; o += SPLIT) {
var sum = 0.0;
for (var s = 0u; s < SPLIT; s++) {
sum += parts[s * BLOCK + o * LANES + local.x];
}
sum = act(sum, plane);
let at = (row0 + m) * WIDTH + global * BLOCK + lane + LANES * o;
if (ADD) {
sum += y[at];
}
y[at] = sum;
}
}
}`;var un=[1,2,4,8],$i=64,Ci=512;function Fi(r,e,t){let{tile:n,keep:o}=t,s=Ii(e,t),{matrix:a,x:i,y:u}=e;Wi(i.shape[1],u,n);let c=Sf(a.columns);return a.parts.map(({weights:d,scales:l,from:f,blocks:p})=>{let h=o??Ef(p,r.software),m=Math.min(16,O/h);return r.dispatch({label:`product ${a.label}`,source:Li,constants:{...s,BLOCK0:f,TILE:n,ROWS:h,LANES:m,SPLIT:c},tensors:[d,l,i,u],grid:({rows:b})=>[p*O/m/h,Math.ceil(b/n)]})})}function Ni(r,e,t){let n=Ii(e,t),{matrix:o,x:s,y:a}=e;return Wi(s.shape[1],a,$i),o.parts.map(({weights:i,scales:u,from:c,blocks:d})=>r.dispatch({label:`matmul ${o.label}`,source:Di,constants:{...n,BLOCK0:c},tensors:[i,u,s,a],grid:({rows:l})=>[d,Math.ceil(l/$i)]}))}function Ii({matrix:r,x:e,y:t},{relu2:n=!1,add:o=!1,planes:s=[],tanh:a=6,sigmoid:i=6}){let[,u]=e.shape;E(e,[s.length+1,u,r.columns]),E(t,[Math.min(u,t.shape[0]),r.rows]);let c=[1,2,3,4,5].map(d=>{let l=s[d-1]??O*4294967295;return[`B${d}`,l/O]});return{...Object.fromEntries(c),FORMAT:K[r.format],K:r.columns,R:u,WIDTH:r.rows,RELU2:Number(n),TANH:a,SIGMOID:i,ADD:Number(o)}}function Wi(r,e,t){for(let n of[r,e.shape[0]])if(n%t!==0)throw new RangeError(`Cannot multiply into ${e.label}: ${n} rows are not a multiple of ${t}`)}function Sf(r){let e=r/32,t=Math.min(16,e);for(;e%t!==0;)t--;return t}function Ef(r,e){return e||r>=Ci?8:r*2>=Ci?2:1}var zi=`const N = 64u;
const QUADS = 16u;override D: u32;
override R: u32;
override WIDTH: u32;
override STRIDE: u32;const NONE = 0xffffffffu;struct Row {
token: u32,
lane: u32,
count: u32,
start: u32,
}@group(0) @binding(0) var<storage, read> rows: array<Row>;
@group(0) @binding(1) var<storage, read> raw: array<vec4f>;
@group(0) @binding(2) var<storage, read> prepared: array<vec4f>;
@group(0) @binding(3) var<storage, read> vectors: array<f32>;
@group(0) @binding(4) var<storage, read_write> state: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;var<workgroup> r_t: array<vec4f, QUADS>;
var<workgroup> keys: array<vec4f, 4u * QUADS>;
var<workgroup> y_t: array<f32, N>;const W = 0u;
const K = QUADS;
const KAPPA = 2u * QUADS;
const B = 3u * QUADS;fn across(x: vec4f) -> f32 {
return (x.x + x.y) + (x.z + x.w);
}fn prepared_at(at: u32) -> f32 {
return prepared[at / 4u][at % 4u];
}fn y4_at(j: u32) -> vec4f {
return vec4f(y_t[4u * j], y_t[4u * j + 1u], y_t[4u * j + 2u], y_t[4u * j + 3u]);
}@compute @workgroup_size(N)
fn main(
@builtin(workgroup_id) group: vec3u,
@builtin(local_invocation_index) i: u32,
) {
let h = group.x;
let first = rows[group.y].start;
let lane = rows[first].lane;
if (lane == NONE) {
return;
}
let end = first + rows[first].count;
let memory = (lane * STRIDE + D + (h * N + i) * N) / 4u;
let d = h * N + i;
let plane = i / QUADS + u32(i >= KAPPA);var S: array<vec4f, QUADS>;
for (var j = 0u; j < QUADS; j++) {
S[j] = state[memory + j];
}for (var t = first; t < end; t++) {
let at = t * D + d;workgroupBarrier();
keys[i] = prepared[(plane * R * D + t * D + h * N) / 4u + i % QUADS];
if (i < QUADS) {
r_t[i] = raw[(t * WIDTH + h * N) / 4u + i];
}
workgroupBarrier();var removed4 = vec4f();
for (var j = 0u; j < QUADS; j++) {
removed4 = fma(S[j], keys[KAPPA + j], removed4);
}
let removed = -across(removed4);let v = prepared_at(2u * R * D + at);
var y4 = vec4f();
for (var j = 0u; j < QUADS; j++) {
S[j] = fma(S[j], keys[W + j], fma(vec4f(removed), keys[B + j], v * keys[K + j]));
y4 = fma(S[j], r_t[j], y4);
}
let y = across(y4);
y_t[i] = y;
workgroupBarrier();var sum = vec4f();
for (var j = 0u; j < QUADS; j++) {
sum += y4_at(j);
}
let mean = across(sum) / f32(N);
var squares = vec4f();
for (var j = 0u; j < QUADS; j++) {
let e = y4_at(j) - mean;
squares = fma(e, e, squares);
}
let scale = inverseSqrt(across(squares) / f32(N) + 64e-5);
let normed = fma((y - mean) * scale, vectors[d], vectors[D + d]);
out[at] = (normed + prepared_at(6u * R * D + at)) * prepared_at(5u * R * D + at);
}for (var j = 0u; j < QUADS; j++) {
state[memory + j] = S[j];
}
}`;function ji(r,{rows:e,raw:t,prepared:n,norm:o,state:s,y:a}){let[,i,u]=a.shape,[,c]=t.shape,d=u*66;return E(e,[i,4]),E(t,[i,c]),E(n,[7,i,u]),E(o,[2,u]),E(s,[s.shape[0],d]),E(a,[1,i,u]),r.dispatch({label:"wkv",source:zi,constants:{D:u,R:i,WIDTH:c,STRIDE:d},tensors:[e,t,n,o,s,a],grid:({segments:l})=>[u/64,l]})}function Gi(r,e,t,n){let{format:o,norm:s,table:a,deepTurn:i}=e,[u,c]=t.x.shape,d={...t.x,shape:[1,u,c]};return[...a.map(l=>Ri(r,{...t,part:l,norm:s},o)),...i&&t.deep?ze(r,{matrix:i,x:d,y:t.deep.turned},{path:n}):[],...e.layers.flatMap((l,f)=>[..._f(r,l,t,{layer:f,path:n}),...Pf(r,l,t,{layer:f,path:n,format:o})])]}function Hi(r,{headNorm:e,head:t},{x:n,single:o},{path:s,logits:a}){return[Mi(r,{x:n,norm:e,out:o}),...ze(r,{matrix:t,x:o,y:a},{path:s})]}function _f(r,e,t,{layer:n,path:o}){let{rows:s,x:a,mixed:i,first:u,prepared:c,y:d}=t,l=t.state[n],f=n===0?t.rawFirst:t.raw,{attNorm:p,attLerp:h,ups:m,vectors:b,planes:v}=e;return[Uo(r,{rows:s,x:a,norm:p,lerp:h,state:l,mixed:i},"att"),...ze(r,{matrix:e.stack,x:i,y:f},{path:o,planes:v,tanh:3,sigmoid:5}),Oi(r,{raw:f,ups:m,vectors:b,first:u,prepared:c},{layer:n,path:o==="chunk"?o:"decode"}),ji(r,{rows:s,raw:f,prepared:c,norm:e.headsNorm,state:l,y:d}),...ze(r,{matrix:e.output,x:d,y:a},{path:o,add:!0})]}function Pf(r,e,t,{layer:n,path:o,format:s}){let{rows:a,x:i,hidden:u}=t,c=t.state[n],{ffnNorm:d,ffnLerp:l,key:f}=e,p=t.deep?.pair??t.single,h={...u,shape:[1,...u.shape]},m=e.deep&&t.deep?[...ze(r,{matrix:f,x:p,y:t.deep.wide},{path:o,planes:[e.deep.low]}),...Si(r,{...t,...t.deep},e.deep,s)]:ze(r,{matrix:f,x:p,y:u},{path:o,relu2:!0});return[Uo(r,{rows:a,x:i,norm:d,lerp:l,state:c,mixed:p},"ffn"),...m,...ze(r,{matrix:e.value,x:h,y:i},{path:o,add:!0})]}function ze(r,e,{path:t,...n}){return t==="chunk"?Ni(r,e,n):Fi(r,e,{...n,tile:t})}var Bo=2048,cn=class{#e;#t=new Map;#r=[];#n=new Set;#o;constructor(e){if(!e.device.features.has("timestamp-query"))throw new M("ERR_DEVICE_UNAVAILABLE",`Cannot profile on ${e.name}: it has no timestamp queries`);this.#e=e}encode(e,t,n){let o=this.#o??=this.#r.pop()??this.#a();for(let s of t){let a=o.labels.length,i=a<Bo,u=e.beginComputePass(i?{timestampWrites:{querySet:o.queries,beginningOfPassWriteIndex:2*a,endOfPassWriteIndex:2*a+1}}:{});i&&o.labels.push(s.label),an(u,[s],n),u.end()}}collect(){let e=this.#o;if(!e)return;this.#o=void 0;let{device:t}=this.#e,n=2*e.labels.length,o=t.createCommandEncoder();o.resolveQuerySet(e.queries,0,n,e.resolved,0),o.copyBufferToBuffer(e.resolved,0,e.staging,0,8*n),t.queue.submit([o.finish()]);let s=e.staging.mapAsync(GPUMapMode.READ,0,8*n).then(()=>this.#s(e),()=>{});this.#n.add(s),s.then(()=>this.#n.delete(s))}async totals(){return await Promise.all(this.#n),[...this.#t].map(([e,t])=>({label:e,...t})).sort((e,t)=>t.ms-e.ms)}dispose(){for(let{queries:e,resolved:t,staging:n}of this.#r)e.destroy(),t.destroy(),n.destroy();this.#r.length=0}#s(e){let{labels:t,staging:n}=e,o=new BigUint64Array(n.getMappedRange(0,16*t.length));t.forEach((s,a)=>{let i=this.#t.get(s)??{dispatches:0,ms:0};i.dispatches++,i.ms+=Number(o[2*a+1]-o[2*a])/1e6,this.#t.set(s,i)}),n.unmap(),t.length=0,this.#r.push(e)}#a(){let{device:e}=this.#e,t=16*Bo;return{queries:e.createQuerySet({type:"timestamp",count:2*Bo}),resolved:e.createBuffer({size:t,usage:GPUBufferUsage.QUERY_RESOLVE|GPUBufferUsage.COPY_SRC}),staging:e.createBuffer({size:t,usage:GPUBufferUsage.MAP_READ|GPUBufferUsage.COPY_DST}),labels:[]}}};var Vi=8,Oo=Vi*le*16,ln=class{#e;#t;#r;#n;#o;#s=new Map;#a;#i;constructor(e,t,n,o){this.#e=e,this.#t=t,this.#r=n,this.#n=o,this.#o=e.buffer("tables",Oo),this.#l(1)}profile(){return this.#i??=new cn(this.#e),this.#i}run(e,t){for(let n=0;n<e.length;){let o=e[n].kind==="chunk"?1:Vi;this.#u(e.slice(n,n+o),t),n+=o}}dispose(){this.#o.destroy(),this.#a?.buffer.destroy(),this.#i?.dispose()}#u(e,{staging:t,place:n}){let{device:o}=this.#e,s=o.createCommandEncoder(),a=0,i;for(let u of e){let{table:c,rows:d,segments:l,kind:f}=u;(!i||!Mf(i,c))&&(o.queue.writeBuffer(this.#o,a,c),s.copyBufferToBuffer(this.#o,a,this.#r.rows.buffer,0,c.byteLength),a+=c.byteLength,i=c);let p=f==="chunk"?"chunk":Uf(d),h={rows:d,segments:l},b=u.draws||u.logits.length>0?this.#l(p):void 0,v=[this.#c(p).layers,b?.head??[],b&&u.draws?b.sample:[]].flat();if(this.#i)this.#i.encode(s,v,h);else{let w=s.beginComputePass();an(w,v,h),w.end()}if(b)for(let{row:w,entry:g,index:x}of u.logits)s.copyBufferToBuffer(b.logits.buffer,4*w*b.logits.shape[1],t,n(g,x),4*this.#n)}o.queue.submit([s.finish()]),this.#i?.collect()}#c(e){let t=this.#s.get(e);if(t)return t;let n=this.#e,o=this.#t,s=this.#r,a={layers:Gi(n,o,s,e)};return this.#s.set(e,a),a}#l(e){let t=this.#c(e);if(t.head)return t.head;let n=this.#e,o=this.#t,s=this.#r,a=e==="chunk";if(a){let u=oe(this.#n);this.#a??=ne(n,"logits",[le,u])}let i=this.#a&&a?this.#a:s.logits;return t.head={logits:i,head:Hi(n,o,s,{path:e,logits:i}),sample:a?[]:ci(n,s)}}};function Mf(r,e){return r.length===e.length&&r.every((t,n)=>t===e[n])}function Uf(r){return un.find(e=>e>=r)??un[un.length-1]}function Ki(r,{lanes:e,quantization:t},n=1/0){let{shape:o}=r,s=xi(o,e),a=s.reduce((i,u)=>i+u,0)+rt(Oo)+rt(4*Me(o.D));return{bytes:yi(ot(r,t),n)+a,buffer:Math.max(...s)}}var Bf=1,Of=2,Df=4,Lf=2**-126;function qi(r){let e=new Uint32Array(Wt),{seed:t,position:n,temperature:o}=r;return new Float32Array(e.buffer).set([o===0?0:Math.max(o,Lf),r.topP,r.minP,r.presencePenalty,r.frequencyPenalty,r.penaltyDecay]),e.set([r.topK,(X(r)?Bf:0)|(r.logitBias.size>0?Of:0)|(r.mask?Df:0),t[0],t[1],n%2**32,Math.floor(n/2**32)],6),e}function Qi(r,e){let t=new Float32Array(e);for(let[n,o]of r)n<e&&(t[n]=o);return t}function Yi(r,e){let t=new Uint32Array(Math.ceil(e/32));for(let n of r)n<e&&(t[n>>>5]|=1<<(n&31));return t}var se={bytes:16,done:4,pending:8,drawn:12},$f=4294967295,dn=class{#e;#t;#r;#n;constructor(e,t,n,o){this.#e=e,this.#t=t,this.#r=o,this.#n=Array.from({length:n},()=>({counting:0}))}copy(e,{from:t,to:n,between:o}){let{buffer:s}=this.#r.cursors,{bytes:a}=se;e.copyBufferToBuffer(s,t*a,o,0,a),e.copyBufferToBuffer(o,0,s,n*a,a)}begin(e){let{cursors:t,drawn:n}=this.#r,o=[],s=[];for(let i of e){let u=this.#n[i.lane],c=i.lane*se.bytes;o.push(c+se.drawn),i.tokens.length>0&&o.push(c+se.done),i.draw>0&&i.sampling&&X(i.sampling)&&((i.tokens.length>0||u.counting===0)&&(this.#s(0,i.lane,i.sampling.counts),o.push(c+se.pending)),u.counting++,s.push(u)),i.draw>0&&this.#o(i)}let a=e.map(({draw:i})=>i===0?0:se.bytes+4*i);return{bytes:a.reduce((i,u)=>i+u,0),reset(i){for(let u of o)i.clearBuffer(t.buffer,u,4)},copy(i,u,c){for(let{lane:d,draw:l}of e)l!==0&&(i.copyBufferToBuffer(t.buffer,d*se.bytes,u,c,se.bytes),i.copyBufferToBuffer(n.buffer,4*d*Je,u,c+se.bytes,4*l),c+=se.bytes+4*l)},results(i,u){return e.map(({draw:c},d)=>{if(c===0)return{drawn:[],stopped:!1};let l=new Uint32Array(i,u,a[d]/4);u+=a[d];let f=l[se.drawn/4],p=[...l.subarray(4,4+f)],h=l[se.done/4]!==0;return p.at(-1)!==$f?{drawn:p,stopped:h}:{drawn:p.slice(0,-1),stopped:!1,failure:"Cannot sample: no logit is finite"}})},end(){for(let i of s)i.counting--}}}#o({lane:e,sampling:t,stopTokens:n}){if(!t)return;let{queue:o}=this.#e.device,{parameters:s,sets:a}=this.#r,i=qi(t);o.writeBuffer(s.buffer,e*i.byteLength,i);let u=Yi(n??[],this.#t),c=2*e*u.byteLength;o.writeBuffer(a.buffer,c+u.byteLength,u),t.mask&&o.writeBuffer(a.buffer,c,new Uint32Array(t.mask)),t.logitBias.size>0&&this.#s(1,e,t.logitBias)}#s(e,t,n){let o=Qi(n,this.#t),s=e*this.#n.length+t;this.#e.device.queue.writeBuffer(this.#r.tallies.buffer,s*o.byteLength,o)}};var fn=class{#e;#t=[];#r=new Set;constructor(e){this.#e=e}reserve(e){let t=this.#t.findIndex(s=>s.size>=e),[n]=t<0?[]:this.#t.splice(t,1),o=n??this.#e.buffer("readback",2**Math.ceil(Math.log2(Math.max(e,4096))),GPUBufferUsage.MAP_READ|GPUBufferUsage.COPY_DST);return this.#r.add(o),o}async take(e,t){let n=new ArrayBuffer(0);return t>0&&(n=await this.#n(e,t)),this.#r.delete(e),this.#t.push(e),this.#t.sort((o,s)=>o.size-s.size),this.#e.assertUsable(),n}async#n(e,t){try{await e.mapAsync(GPUMapMode.READ,0,t);let n=e.getMappedRange(0,t).slice(0);return e.unmap(),n}catch(n){throw this.#r.delete(e),this.#e.assertUsable(),new M("ERR_DEVICE_LOST",`Cannot read from ${this.#e.name}: ${n instanceof Error?n.message:n}`,{cause:n})}}wipe(e){for(let t of this.#t)e.clearBuffer(t)}dispose(){for(let e of[...this.#t,...this.#r])e.destroy();this.#t.length=0,this.#r.clear()}};function Ji({tokens:r,logits:e}){return e===void 0?0:e==="all"?Math.max(r.length,1):1}function Xi(r,{chunk:e}){return[...Cf(r,e),...Ff(r)]}function Zi({tokens:r,replay:e}){return e||r.length<3?0:r.length-1}function*Cf(r,e){let t=new jt("chunk",e);for(let[n,o]of r.entries()){let s=Zi(o);for(let a=0;a<s;){let i=Math.min(s-a,e-t.rows);if(t.segment(o.lane,o.tokens.slice(a,a+i)),o.logits==="all")for(let u=0;u<i;u++)t.want(u-i,n,a+u);a+=i,t.rows===e&&(yield t.build(),t=new jt("chunk",e))}}t.rows>0&&(yield t.build())}function*Ff(r){let e=r.map(n=>{let o=Zi(n),s=Math.max(n.tokens.length-o,1);return{step:n,from:o,read:s,ticks:s+Math.max(n.draw-1,0)}}),t=Math.max(0,...e.map(({ticks:n})=>n));for(let n=0;n<t;n++){let o=new jt("decode",r.length);for(let[s,{step:a,from:i,read:u,ticks:c}]of e.entries()){if(n>=c)continue;let d=a.tokens[i+n],l=a.draw>0&&n>=u-1;o.segment(a.lane,[((d??2147483648)|(l?1073741824:0))>>>0]),!(n>=u)&&(a.logits==="all"&&o.want(-1,s,i+n),a.logits==="last"&&n===u-1&&o.want(-1,s,0))}yield o.build()}}var jt=class{rows=0;#e;#t;#r=[];#n=0;#o=!1;constructor(e,t){this.#e=e,this.#t=new Uint32Array(t*4)}segment(e,t){this.#t[4*this.#n+++3]=this.rows,t.forEach((n,o)=>{let s=4*this.rows++;this.#t[s]=n,this.#t[s+1]=e,this.#t[s+2]=o===0?t.length:0,this.#o||=(n&1073741824)!==0})}want(e,t,n){this.#r.push({row:this.rows+e,entry:t,index:n})}build(){return{kind:this.#e,table:this.#t.slice(0,this.rows*4),rows:this.rows,segments:this.#n,draws:this.#o,logits:this.#r}}};var pn=class{#e;#t;#r;#n;constructor(e,t,{pieces:n,uploaded:o}){this.#e=e,this.#t=t,this.#r=n,this.#n=o}async make(e){switch(e.kind){case"table":return await this.#s(e);case"vectors":return await this.#a(e);case"matrix":return await this.#i(e);case"turned":return await this.#u(e)}}#o(e,t){return this.#r?this.#r.piece(e,t):t()}async#s(e){let{name:t,columns:n,format:o}=e,s=this.#e,a=zt(o),i=16*n/We[o],u=a?n/16:0,c=Math.max(1,Math.floor(So/i)),d=[];for(let l of sn(e,s.mostBytes)){let{from:f,to:p}=l,h=ne(s,"table",l.table),m=ne(s,"table scales",l.scales);for(let b=f;b<p;b+=c){let v=Math.min(p,b+c),w=(v-b)*i,g=await this.#o(w+(v-b)*u,async()=>{let A=await this.#t.read(t,[b,v]),{packed:T,scales:P}=on(A,o);return a?Ro(at(T),at(new Float16Array(P))):at(T)}),x=b-f;await s.write(h.buffer,x*i,g.subarray(0,w)),a&&await s.write(m.buffer,x*u,g.subarray(w))}d.push({from:f,to:p,table:h,scales:m})}return this.#n(1),d}async#a({label:e,names:t,length:n}){let o=await this.#o(4*t.length*n,async()=>{let a=new Float32Array(t.length*n);for(let[i,u]of t.entries())u&&a.set(await this.#t.read(u),i*n);return at(a)});this.#n(t.filter(Boolean).length);let s=eu(o);return ne(this.#e,e,[t.length,n],s)}async#i({label:e,sources:t,columns:n,format:o}){let s=await mi(this.#e,e,t.map(([a,i])=>({rows:i,read:(u,c)=>this.#t.read(a,[u,c])})),{columns:n,format:o,...this.#r&&{pieces:this.#r}});return this.#n(t.length),s}async#u(e){let{label:t,sources:n,columns:o,format:s,last:a}=e,i=s==="F32"?1:2,u=_o(e),c=async()=>{let l=n.reduce((m,[,b])=>m+Pe(b),0),f=new Float32Array(l*o),p=0;for(let[m,b]of n){let v=await this.#t.read(m);for(let w=0;w<v.length;w++){let g=Math.floor(w/b),x=p+w%b,A=Math.floor(x/i);f[(A*o+g)*i+x%i]=v[w]}p+=Pe(b)}let h=at(on(f,s).packed);return a===void 0?h:Ro(h,at(await this.#t.read(a)))},d=await this.#o(4*u*o,c);return this.#n(n.length+(a===void 0?0:1)),ne(this.#e,t,[u,o],eu(d))}};function eu({buffer:r,byteOffset:e,byteLength:t}){return new Uint32Array(r,e,t/4)}function at({buffer:r,byteOffset:e,byteLength:t}){return r instanceof ArrayBuffer?new Uint8Array(r,e,t):new Uint8Array(r,e,t).slice()}async function tu(r,e,{quantization:t,packed:n,progress:o}){let s=me(e.shape).length,a=0,i=new pn(r,e,{pieces:n,uploaded:c=>o?.(a+=c,s)}),u=async c=>{if(Po(c))return await i.make(c);if(typeof c!="object"||c===null)return c;let d=[];for(let[l,f]of Object.entries(c))d.push([l,await u(f)]);return Array.isArray(c)?d.map(([,l])=>l):Object.fromEntries(d)};return await u(ot(e,t))}var mn=class r{shape;lanes;weightBytes;lost;#e;#t;#r;#n;#o;#s;#a;#i;#u=!1;constructor(e,t,n,o){this.#e=e,this.#t=n,this.#r=wi(e,t,o),this.#o=new fn(e),this.#s=new dn(e,t.V,o,this.#r),this.#a=new Xe(t,o),this.#n=new ln(e,n,this.#r,t.V),this.#i=e.buffer("between",4*Me(t.D)),this.shape=t,this.lanes=o,this.lost=e.lost,this.weightBytes=Mo(n).reduce((s,{size:a})=>s+a,0)}static async load(e,t,{lanes:n,...o}){if(!Number.isInteger(n)||n<1||n>le)throw new RangeError(`Cannot load the model: ${n} lanes, expected 1 to ${le}`);return await e.checked("load the model",async()=>{let s=await tu(e,t,o),a=new r(e,t.shape,s,n);return await e.device.queue.onSubmittedWorkDone(),a})}profile(){return this.#n.profile()}clear(e){return this.#l(t=>{this.#a.clear(e);let n=this.#c(),o=e*n;for(let{buffer:s}of this.#r.state)t.clearBuffer(s,o,n);t.clearBuffer(this.#i),vi(t,this.#r,e),this.#o.wipe(t)})}write(e,t){return this.#l(()=>{this.#a.write(e,t);let n=Me(this.shape.D),o=e*this.#c();this.#r.state.forEach(({buffer:s},a)=>{let i=new Float32Array(t.subarray(a*n,(a+1)*n));this.#e.device.queue.writeBuffer(s,o,i)})})}async read(e){this.#d(),this.#a.expectLane(e);let t=4*D(this.shape),n=this.#c(),o=e*n,s=this.#o.reserve(t);return await this.#l(a=>{this.#r.state.forEach(({buffer:i},u)=>{a.copyBufferToBuffer(i,o,s,u*n,n)})}),new Float32Array(await this.#o.take(s,t))}copy(e,t){return this.#l(n=>{this.#a.copy(e,t);let o=this.#c(),s=e*o,a=t*o,i=this.#i;for(let{buffer:u}of this.#r.state)n.copyBufferToBuffer(u,s,i,0,o),n.copyBufferToBuffer(i,0,u,a,o);this.#s.copy(n,{from:e,to:t,between:i})})}async step(e){this.#d(),this.#a.step(e);let{V:t}=this.shape,n=e.map(Ji),o=4*t*n.reduce((l,f)=>l+f,0),s=this.#s.begin(e),a=o+s.bytes,i=this.#o.reserve(a),u=[];n.reduce((l,f,p)=>(u[p]=l,l+4*t*f),0);let c=this.#e.device.createCommandEncoder();s.reset(c),this.#e.device.queue.submit([c.finish()]),this.#n.run(Xi(e,{chunk:le}),{staging:i,place:(l,f)=>u[l]+4*t*f});let d=this.#e.device.createCommandEncoder();s.copy(d,i,o),this.#e.device.queue.submit([d.finish()]);try{let l=await this.#o.take(i,a);return s.results(l,o).map((p,h)=>n[h]===0?p:{...p,logits:new Float32Array(l,u[h],t*n[h])})}finally{s.end()}}dispose(){if(!this.#u){this.#u=!0;let e=Mo(this.#t).concat(Ai(this.#r),this.#i);for(let t of e)t.destroy();this.#n.dispose(),this.#o.dispose()}return Promise.resolve()}#c(){return 4*Me(this.shape.D)}async#l(e){this.#d();let t=this.#e.device.createCommandEncoder();e(t),this.#e.device.queue.submit([t.finish()])}#d(){if(this.#u)throw new M("ERR_DEVICE_FAILED","Cannot use the model: it was disposed");this.#e.assertUsable()}};var Gt=class{kind="webgpu";packing=di;name;capacity;#e;#t=new Set;constructor(e){this.#e=e,this.name=e.name,this.capacity={buffer:e.mostBytes,lanes:le,own:!e.software}}memory(e,t){return Ki(e,t,this.capacity.buffer)}async load(e,t){let n=await mn.load(this.#e,e,t);return this.#t.add(n),n}lose(){this.#e.device.destroy()}async dispose(){for(let e of this.#t)await e.dispose();this.#e.dispose()}};async function Do({force:r=!1}={}){return new Gt(await tt.open({hardware:!r}))}var ru=Ve("eNrtXF2sJMdV7ur/6e6Z6Zm5e/9md13TgFgCDxcpMU7i4O01TmI5iS2woggM8ipZlMy9/lvfbGztz1yEHQxYSmJ75TxEKEBQojgOIUGQCCsxUXhDPKEIXpAj2SHwwBOCgHJ3+b5T1T099/b13t0gePFqp39OVZ2uOnXq1Pmr65x+9AHlOI660Lvfn+Gfc384m5mHwN4Vfp48JbP6n3O/W0MuXeJVXbo/toUXHSK7eFFdrEGo22k0juonNVMzd6i8Mw+eCx8488BDZx93PbWz43s/UXhB5DhxxwkU/oWu7ydp1g095fnKdV3HcZ3oUhY/8NGt7Y88vPW4s+I/fPrRR53l4NEzZ8+dcY4EW2dO476affChB8+dObv9K9unt884a+mj22c/+sHtU49vn3nUWUrPPPbwQw+eeXD7I6e3nJs6W6cfP3P2fQ+dfcAJgO2Dm84o5u2XH/rYo06v89EH7Yvjex/bPOdEyTf+SBXfVcqfaeeE608Ub07hl+qd/kmtSudm92XVT/F0crNwruSuM/E0SjcBUVeOu46tdmXFdez9ZeDQXqmmBoY2OwqVnPIq/kVXMOj1tJ96J7VbfvYz6k5pf3KTqLX3Lv8kPuai8cTNVMrv7qip+dK61Js4aOmY2vw2bqdmVxSKF+r/FL+ym7n9mXdehjQ5wls+yXVUutuTgQxXy3Djremkq0O0Dbenk0irSZ+90/27gP9IKZ/pTkJN6uRleK78pNqaDHU0yUpnkqBqoBNWzXSiB1vT0ilfdn6UOjrhMBLpVmgavsxPjdCqh1a90pvq4L0c/wQ1BFOiRyRIUjo61UNgHOQdvGnzVuqpAFL0YIo2CRBWX1B6WHrArthInjL5wqTHYulk767WbwF3lvcPQmoxGnTKogtAFt+QpQeyhHOyLGFwmXwt49citm2QJCOKTHD3LEl8dHWZ5NDL7E6I71nK6qD07gaog171yH/DcsefTlZQeahXUBmVRngZATmbpno0LVZRNpruOr5TrO1m/T3/dt+3m/qOXgU2vVb6uy+qA+uMyhxzJV1NyVToxJD8NySIBE1A3SI1M9jTHRBrSSYsQWcxUR1eBGamLeHLvilKDaXnTNRDtSzPWblB+iYryTyF+MjL/nw6dFfn2gNJ3W1givRAd/IhasechIlamBW8hHgJLdmUDqdFQopN1sANMZf+eb2m13ZfBXUc58vfbv52/0WAXznV/O3+QID6VPMHIKfg7V/8+m3N3+731e60WN/9IZrMILibv90vq3Jl9wVVjPH9daDc+fnbmj+2fU2x5Ld3fuOtzR9LXsX30Gs8Zap7z1ubP4Cz0+lfvK35233SJfh3n4pvbf4s+IUvvukdzd8c/IvNnwWj77c1fwaMy5hlO7c1fxgBSqSrbHey+SPJ/1kFmAQXk9DSdh8EWL53HdP0xoyMcanIbOot/APhbJ/TVORASDkQWnE4kDVZC7EUy44bCPePiMIh0n0W9qXwH5XyLmEfQY2XIBpdrd7ixhBrcsuALdDhi5d09OIOxIj/AX9WOgGEmH9RJxdOKVx3ClQ+4Walf+5FVIGkvnf8eVRgQ3zGtg1+1bQM2DKTlhmg85YJZYu0RE+2ZBssQu1uQVZM+fYw+hhaAb4lkHsgSthcxxAjCh9kl2uEly6kn/a96Ly6qGba2x1MAuzCLrFNPE92ZIiV/ZSd+BA8ruz7Oy4Fj89mIqp3X1Gg+8RHUW53/tvZ5Hbnh1fv0P7uTQ4v6nleXV68558v0sva1Pq18e5oEr7uB42k86t+Fhm/qkPhfPB9gX0KkLwBicH5AtQNYEcgGw1Igmrm/4TahAvUkL4B3ouojHa/pEBCeYvlbfdJhZ1CAB1TnJi3pCrePSNcl3GHilrW4/t03AYVxK3VkwOq2w/NKY7up0Lwy0V6C3Q2voPWY9J+rKa8unL1pl997hb3CVSQrQg6FCZ0OnGE6f9VKRe65B0gt0eCgNw/ShzHKHw6MNuPjxffTgrVSWFEs+8oapfb011fOWUOwVN6pEvmvHL1E80fhkBR+LHmD5MCThTJuQ8NlkPpo/fT3ftcZ/d31O7n1e5/YwS7HbzWa91HnYlvFcnvYFgcm3f3mIP0ZJAelBKs80DG+m/Kc2c+1oF2itiugA6GhlVjNKtYmPtVNaGSxZecL9C35EXzJYMI4csGX/BI7LH0AHPDJQ846ncpsl4lv2Et4OI+w6vixXvmGe1+7XLR01EeYiVA/8A1RYeh5wr7C4XNVo8ZrBYdUL9GBN9XnBizDuU5nNpu72GQ9OvKDc9jzbvAH2vq+xxxIms+IX5H8MbAi6XSAa886WJZOLK0amhAaCBQPYeGhIYC3ZhDI0IjTAIVfysWsOdBApIsIcoNWSoRAbJQUIiIAFnU1y5r75lPXU7/PXKjWXZetB4jfLD6p+iFx1vUIjvSFljWAuu1wLoaPRJ2icnoOuYHA6GNT4YroG1zYKkAc92HWMFrJq8arz2+9uR1A69dvnbBeUQZNLk00oZxKb9SYIrQNAWKCG1SCioSLrQaJsyq5vKr6OC3E6D74xCFq3padESphCrKUcJigoQsgmmBKUiExSYjarP2eYlTk01F7d/hlmvHG4veKiRcIgjcSRIegZ4f0B6Qt2VwAikpTQyJKaI/7pJyJMsIKvJAm2qOnheinqFfLvTrE0NcfcHSPUdbO1998KmZQDtj+Xy2IuluhGH4pve4iZzAKu7KVxKZrVx3ZLYc3Hvy7sNCqMUOx065qTbNqtuzaXL1ToLDzhdWM4wUXwicaV/moQcg+LM5D/3GPOR2HkJtWDgSFo74bfa0ov8Alopf039oOdmv6T+a0x/TBioNIMWGdhXMC4uBUCLQS0KJATHE1Rcs/ZcArtbL/iUQWuKGlrguiWnk1T8E3sDI50jHd4trQZSfVcgtdFn0siLZgmsggUloFKBisDXJMeQVFn9AKH7CvU+vlNkW9na6SBKNWwya0ZEAtawz1YL3l3h5NwsdaFHg894UO0G0aXdAnUy4CMkN/akxV4db0Baok00nSy2zd7wFdqwFdrQFNibeD+tsWoyKdb0qgpoWYKbXaWUeh8Zut6bj+pi8yNZ0TB+VF9majuqxvMjWhEfKEuNlQRvKX1Sw8ndM+TsW+Tum/B0b+buKbekmbBbHsf5W9U23f+lvfvoXZI86Jl0SrRm3dXRsnTaPbFIdvV4paCM8ysNxblXHuD0pCzJb1Xq1VRVHUQOdzPRR4QYPRTBnl3hbttavb3wSyxjWmmA9SlOAtbt6jbWP6GXUbjop1rn5mTGLopzSm4FOG16Zip9iXVALWaGV6/XtR0RUHdHrUpW6DeUE38gORPSe3CNuVeFO+ZgaiU6mwhYOB4JOFhlohbVWhLP/I3D756FnyfI+ggsUE+zH00J2YKM45VSc/lCVXZpvobh9YrMXt5TD5QI/QcfstBQ/uC2L7iBeGSUOlRF2fq7MJSy5Z7kyCc7R2yWIz2cpaEfS0lYKCQs1iyM+ihS2ZT0CelI24OOAZfOmKWGpFGd8zFDs2bI+AX0pG/JxyLKq6Qi6A2AxvVvYd/DYMW5DRZfVFEvd481DP/1K7/V1F9r3C9AnqMlDKxQiclFdvdr8QZmuRkfuE6lacZAPRoH3RdBEDTT5odDkNRrKDQXfjiBKr9mfIw1Eqtkfxf4MDJrsmv3Zi6bujzL96RtE8TX7471uf4YGTeea/fEO6E/6J+F+vt/Lq67dkSqetWw4tNw6rNiiwamjisvAUhV/HanLLPOyLOFj0uTUUbUWWGxXgVeXWWZkmWVpr9nUrgIW21VwbV4V4sMVyjUsYyho2RAlxM/CfA9baav28W+ThWVOoBkI9hpxxyDuW8ThtRHnTcSGiUzHLWpSsHAr/JHB331d/O4+xmry1kLHa8SJQZwfHnGz46ql495Cx2ODv/e/3vHUIB7cUMfTT/hYJkFjmUBBxmWFl1WzaoxOGFmdMDaTJNsilsaaAOk3WquAqQVmTWDXAntNYN8C8yZwYIFDKp+ijShP7NG7KrOxsbtUVp+hDJZHTEDc2D46BMBoRFnCR0r75XrvEFUxlL3jSbN3rNT7lmiULLNaOxSTel95kus+lN3sSbObeXZTGRAwQNkIq+pJ7jnGJK0W6jJvy9ihGZ+AboPbauvqjeyKiI3iT6JjeQmQdj2BjgGmFpg1gV0L7DWBfQvMm8CBBQ4JTD/uufHMv6Sdt2A4uQTEMAkvwo5Z9OzBiYAq91w6lT8F/RtK+71j1OnrHO5DWudwDVKJYCCtI2pPKNrBW0QflhtEGC0D+CZD+Cbze4xvEhjEMdnf4Scrx2RuMafwv9GaEJcmm/XrZgNpNjigmU8O19Khz2BfQdQsgLsS6tk2OMKn6oQnWlA0YiJjREa6Q88nlKuiayxhaHXdqfUPQmmmC8+on75BvOAOoZSsjG/qY1GlHCJoqsO7EUcNA9MQDq4qdDlNTRP6Ibqz8BKL/1yZ6OPXqUf6xjAJoFgWWCBbBqH3IPsfM9Q6hb9Wm/cOC3XpvGuSYCcMOBYAThTeHV3ESF34rVATXiu+BXCCpeBBZR1BnEBr05zg5Sd5ude4rk4wpErLxZgO8AmJh7gIcwxM06B1TNnP8bJhlHkBaBM9PlF6d+KDKX1/YeVYDuaO5aBWfaUjTrUqnBysL6FJgevCQz+wgoVZB3NmFYvtzUX3BDRkj2zr1WzbZ1FWZHjM5xw8YiwQHIzdVQ/fDw72hAjenfMYmM5IDkiE8gnMAzH3DBfLDVKCJj+wYm/XLrjTA3eOrMMd6C/OGRRNKgaV74nD3TQesLHhbrYf2vaodlEvSfulA9rLTAglxSuPyxeUoS0iCjo1LnwwuPbB94wJ2EiFsA9GSn70AkPvRX6sSZ/K0iD5LGO8GYxNYhQg73tIe+9uLn1SWy4+L4jdMs64VT7lbhVp2UUXwjEdn+hJLDNKGyyiHzY/Ju8NFlwyjgyWg3dysVWXCsMURWZC6Xs6PHHTmlekFx9gjedkBX1ayWeyeaFhDV4+VILwOhlr+g6egKUN6jV7mdieEMFkT7/JsMTxYXk73vi4rM/Pysc/1/x4UyJoZT90NP2u5wUzddE9L6TGtGwZZ6wYh5SnXD+Mdc/afDhgVcrajnUApUTbjJrAA0GZ1GlETZwrp7B/3MRNhFGTlFGT1ERNkss6mUdN4BOS1yunLt+Cma6+ZMMl9Jh3aIN22FERiVkd+Ui50ZrbGQQJbhY10bf9QNvvONNgD0KLqAiYjwH+eZPriJzu0FVvAgAziDToQufKnR33EcjDq/+pzgIgqSOP0GP1ytW/8o1oA/i3Xrn6LW8TD91zpXpkihsr7+zsfMeKP538Pgd72zMvEfpDb/NsGgg6CFT5DFvl59K3K/ZezXuPgH9KOR6D6mJ8i2cLYtzG+USa/6nvurP0vD7A6LZO7hZz2zq6dUuJUXs2Wkpio3N4xkbwRX3yJYIi6lPPKOBFt7JvelJRYHQlP0unuycqFTzKlSUD72VlILFMS5k1VVhmbR+WbUiZNZRYZo0br+oVJl8J+dzKYAiuaTCqhqXnNg1Ghh0q9T28psG4F00+R6OnlTLdtMv1odDoOZoNeHH2W8Ebh0KzUenlL4Ruj+arTKQ19oYykUNO5EAmMmtLSaGzxdoGWHLZgakrNRswruRhgjhHnkSzrF98kS+6MsNmkgfCHN3Wz+dUkg7+aldcXL5F5TNmwQQfYRHDJQPhrh8DeWBRBTXyjoV0BPnGjSFPBXloUYVALqlJsj7MEhlUkxXP+dtYLGllJjeNcG+R2dLXt5XdPSahOzcJvT1GuL/Ift61EecLiLVBrPchDhbdModArBcQbxjEG/sQW39EcnjEGw0j9pOBG1C6Rv5J0dI7VAwgvaG/zxPK5kKbekxcIpUJNu17ZVdXYh2gRY7t2GRjCYCPhOGlDKF8u7KX8AkajQm+Ci53jgsMLC4j2s4makfjN6iMX5IEBpDE68TurTOqBjqxdm8ilUZy34BmWdnB9Ex3jBoq4WKY6p3F+NMymMgEuawZKpFkWPNHKiN2BXWsXSqBZSmz9izLRnwcmTizlFkDl2VLJkRjAs8Qlf5UNIp6Jw+s0RlYozMQe1PjnkuIMbGmZmJMTTpepTyRkM6GUBnbu6Uyn2oqc3+9qwqNkm5Cqq6lp41/YggHuQysw2BQDccEmuu4kYkwDyoimdDyoKKLNeAb1rkZkWNHnNsRazvijTT9s44bzsLzDO3dKUyJdB3pjKS3mozZSdyiw/VbYHkLbNACG2qv6NjkgkR4JZnzyugGciQse9UOj9F1Nq/dI4YNb6gLSxUrX//HKz5nmC9uMGrw/0P7fdRsFXKtNGtQ4YBGB431/3ywdpSjapQyDBjAjVFpPWrKp425q8yKlkb3IcT7NmhrnFahCBGkWokQ2ZD0AagtSPBgIHoeHrNpRFx10Mf5tMk8ETzfNaaKhKrM4e7IkoyLDrPtAAuY8gUtAHdJvUYuM4eWWX+lXbvQhm+Al63w6193K/hOqi9WONrYQPx3zAFnakRGS8+mHnao4WFwdAFISiCzQe7IB0xXdi290p2ul86CiwG1Th+0QWYWDSOfjqaI+eg0PN9JUMRUbLz57zQVAjiOMqE288bLnA+b8HHBAQZaM1vM070twy3iG8qwH1fJJTo1CVCYR1Ola4WkJNMHkxgVBx6TvwYmbsoUMu7niOZD4UIL7O8s3cQWjJ45d41tFLQt1g1kDNnn1kIek62aFvIYRaBbLlK+ClXDLmbAWkLVzz9vbOCXYBl6U5iKFx4pIv+iSTaKvnk5EIs5hcG82hprJ4ebNLZJ/8DOwNFc2c4rzBcca27OKzSieauM6D5XS7/Z49hmyEXo65h9ZzbeWLLxxszGY6cfOXuzhCOYux9bldVIRcdk6hua50LzfD/N8znN8300pwO1FKFx9eps1vyRHrhfbf4mY7o57PBXZQ2LvFxB+jG84mOMVeYk4giNs2QVOcwox8SsyMSscGJWZGKehtrTPmXFkWfEtn9ODh1Et0t/eB5gUGbvtiH45WdNFTOTg6/e/jP39d/x3LPPFcNnX4KUGOohcTxcNmce4kT8A525f+AssjVZ9M1iCB5YY9H2N8kNlb8FyIeX9XDuWFk/gE95sqRvaNOSe5yxL80fBaWlHogkidbCQz8gXyMje5UZzSvMlgMLSWoz2YqE7S8w+2JeBhyMo18HhYbQCTuTCEkNFLAD69Q2Q1trDC2qBr8wxNW9bD8Q2pt57x9ydAOTJZYjPITRrTZGJ2KzbP4OhVJyzlqwwaj4L7PQ7Hr7zcX1NqCAHSyuN7ukfC6pnNVys6T80jtX+tu8P2LEb+mSVUS77SwuM7u0ipg+L4Qg6PMaUtXkZkTvWu32imq3V2zcXlHl9ooabi8khFRur6jp9ooabq9YD1vcXpFh62iP2yvn3MvAMDT0PZa+G70co+cwpzLIrmToTDGAW4QuaBabnYiRGxsTwQkTKvg9sqCcTUnXHckGLuUYmdlp4V7up+VSelzOctGpCpftHcZmy7uESEsW8Fc6BpjeqdTMOIlDczLIGHQMnWyVOy87dEJjhxkzxMAXiQlA/p2zFX2BIkSUdolW3eyKEzj9nlKRIOZUyQY2d4i79LJZIWgiBpUDOyx7iEOweEoGgSd7SvOQ8884g2ecnngLaClYF2iHAZFt1BOS0nmGt2DaIGxAYpq8QR6im3j21E/t2/fLv3a28GGXBi2OkPnWP/ltgUpCttipbsMdnf5xzw3OezMmoNkVCttlagJVj8FDZnYoyfo/Wb1i+RSRTY+MqgTdlDObzlNxQ0qYUCRMSAkTioT51O1/+9LTP/v8ZSYKgwLpnu/Sx/UHd4y/1fwd6rCLx8Zd9nKp8kc7/o6c57iuUzDhQadgotc/BdORnOODTsFEB56CCc2Rgf2nYML2UzBh+ymYsP0UTNh+CiZsPwXDiZQAujkFI/16g3DXRbiUPHcYfhVWXW2wqv8Gq944q0L8VKH5eC6cMhFOYlLtIMVzr0wLW0/gmZn5pWkVmNhTAV80CPFFJiQbpNu1ZEyr7IALFQh9c6sUAgSP5l9/TR2eU45aTqkSs6+bWTo3yCyJnLW4fmbBxtDOLFE7s0TtzBK1M0vUzixRO7Mwa0iygQyz2A0raE4JYPQsGwKbl8aGln4h8uJZIOd5mI3BYKXEt5iRa/yiiikTicn3fkIZFeMeExssgBRfKeQYABrF20W4iQR5WsYIzivmTdiWT9UtI2bQ6z31bq3qfbJZr7dYj8ymGKy3dZ9u1k0W6prTxXXqhyhDjN7D+A9pVQZluj3N1xuaR6W0NHPgbXq7ZMMHkg2fmEx3lwk1TzG0HnPcPbFUE4bvgZYP0KfzaBG7cRI0slGe4ynDmOF5uhPgdmdjBFh4EqH1tMOeYxGuaBVydqCWtRQKPNaPbk+rM0/WNdw49dalAtMVBaZLBaYrCgwUl8EhD1n0DuuH00HhimvGuFVs5olbJeIzqOVWifjMO3GrRPw+80eqRPzcJLzazsNFjUR8VLCJ+O2joap263NivHZFFYUdh/Sdt0kufm8fKcE+g5qiRhLVR8SA8TUmPFakva8ibQ25v4a8SrOLi61X1dh75FCyNwpXfEWuZALU2UKeZNizr1XW0NzMSL/huf6lwOjsE0Fzf5HdUZ3wOClZB4muMlokheZD8KHZLKe0Pvq6xeVj0pwQ9q6siVt4ubWR4HTSpMGY+Zofm03obqz661aHAoDDnWf5N07uizHDnKZontOEaBYzmTp1JhMMqBcleSlmpgqSl5h6FTH9zjXRD7EimJxkmtKxioWqkFvkIrcosplzaCOJReEOP1ElFkUWF+00ZRKS2CisG8XSKD6gUXV8+GGTn/MVSYA5arOPxC5D/5hy5AYmt20x5UiCp+lfeq5iKqJiplfAwQfV4Al7zx7YKe/SBcJP7IEL8Ja9QLsLCx9u7C9M99E/lmwxHQrJO8xQAclj5goyXywQWziwYhOdMzJ2+xSdZp54Pf1cUlVZek8pKUyPUR/ZX3pvKbx1ob1Ul8rsKXWxahafKH2zcbS3vqUMzH5RF7u22K26vmE+//QeDOs2VwwATlwQmBWwOHFigqa/5yEeW+WQpnMSJvMcUiTsCBN35jl4/KMoGWia2OPrJtXxHrGlXZO/wuan3I/bk/F84uH4juTb+Twcb9kTCOy5eNRpPRpfcDHYTDu2TOqW1bn4A1u6De4ObXoX/v6I9nKb5sWAArwhpKmON/kUV4LTZMGaNkybhMezEhKfU4s5kPXRIZO1ChHR+Gs3dd6ez7nwD87bS/8udj2cxBVPhVcf7jWOVh6jxyMc7uftoepDKaD+9Wma/kGaZvD6mmYoh3cP0jSDAzVNBB7aNU2/XdP02zVNv13T9Ns1Tb9d0/Qr26T6OxLs3I//x1LeIOmBfyzFt+1a/lgK/bFv8O318a09NF4HYNJ/Cr0jkO3qvBHOIiEvFBHE5ESyIWnYZPbAbAzTBuoSNBXsk+J6lQAAmzxGuQqjKZcCPi27M5PTDZf7lhy8NcnqaxKGlEO3zFdfs/nqq5KvPqj8rGIdrBHzwyZRPaxUOB7DXNX93Lc50dVfWaFFs2p6JOniX6JSmvOvbsmOt2xilJKUKn9CiqcEJbkV4W0cUwWQjbGP9KdMiuHfvzpineIxjncYSYuR43QvTsHiZJdRimN9pFJ5oRs30hhj0tgkuzTySwMeNA0WEra5qR6db6rHdMRNNar1wnWdGL1wjAjasfeP5X703kUlJbL7Jw7rItP8kg6wBx61eyBqyx44lj1wXKMujlpEKT3GTQRmH71OHLFsiPakhSvpNZrZ4diCqSJvF53NUjz10Blrl3oy3z/DSjvvIICANiG5DdzVIRfwz3DltX/dmCuIQk+RAjSwDux+5cnOaxvEmh0ep8KrzI7PqcKTP7fFLIMFNd7frvbopvHRmKtGypDdryvdyT1Id/p76E6XvFmL+o9RfbjYYwP4spaKhNCkVl8LY8MX6QH2QSM7ar99QF1KXZd9YNUodUP2QWpnUyoZJSoxfUpMn5Jmn+o/fhTxTxiF844l1+pY3TJky0bvkoN795KyESNGvB3TVf4hHrZwKn2Ps6o4q+p1tLD/AQHFdNw=");var nu=Ve("eNrNfWuMJNd1Xr2r69Hd1d2zs7szs7u3K3a0cfJjAlgKEyvY7aUpm6AiEgktCIlikZA3kHuHr+VoJWK5O+NEcoRYgGWKC/qHYiiAAhu2KBhygDgIIdOGjfxI/gRIBAT5QyEUIwVB4AQBogQebr7v3FuP7qmq6Z6FKC85XVW37uPUueeee+6555xrPf3iM7ZlWfatwVPeAf5ZTwUHB/rGN1cbf67cxQflPyTftm8/5egM9oF+d/cuf+27T/VMtjsWq71zx77zVFQrGxZ3zth2rz97K3jm+jPP3XzJce3DQ8+9/D7XjwLLihPLt/EvxL3jeXba6/dC13Y923EcJFnh3bT3zKf39n/x+b2XrB3v+adffNHa9l+8fvPWdWvL37v+NK4X0k8+9+yt6zf3/87+0/vXrYvJi/s3P/3J/Wsv7V9/0TqfXP/s8889e/3Z/V98es/6sWjv6Zeu3/zIczefsQLU9skb1rkeL3/7uc+8aI2jTz9rHizf/cyNW1Yv/s9H9vu+bdvegbIuO97U5sXKvZn9Ie+qsmfWB5w37WGCu6s3cuvdzLGmrsLbG0ix373oWCbbu2cdy1zfRB3KndlznYYyhzYyWbP7+Be+i4/eSoaJe1U5s69+xX5Uyl+9waqV+zPeVTTmoPDUSe2E7R7ac93SluSbWihp6dxsG5drB+/aeL2Q/8fZyrdDZ3hg35ZPmp7hJZtmKpw5+9ORfK6Sz+3tzad9FaBssD+fhsqeDgmdGj6G+s/MpJn+NFDETjYLbs2+ZO9NxyqcpjNrGiOrr2JmTVWsRnvzmTV70/qzxFIxPyMWsAJd8E02NUGpAUoNZu5c+X+L3z9FDqkpVhMiJJ5ZKlFj1DjKYjwp/TRTc0lIAMEcZWJUWLRgq/HMRe02C8ldKi1MB3wtQA4ea2wLdafZpK1SU6OuzjbV+UCLp9EyAFqCCi0b+LhUWkvZWsiyNZSkrCKVugcGJR5A3SQ61CbBCdCewazyZ+7jSIoA1YD0N54devPpWWQeq7PIjEwTPExQOYsmajLPz+HdZH5keVZ+/igdLv07+shR4lnqHGpT52fe0et2a57JLENfCagJiQpAjEl/YyYRoTGwmye6BwcqArI2pMMILDoq4o+k6W4jNjeOdVGiMV0R0QDZ0myDmWuor5OS9FOARt70qu5QfZUpFyh19lFTqEYqyjaRu8dOmNoLvYKHAA+BQZutgnkeE2PT86CGHof+bXU+G/q4d3B/lFrW4ZX63/EUdf7oO3bmHr1tH/1X28cTciz+O/q+nZ/Hi3cAsCA4IIIDQ2cj+diSOhJ8D0cmB2ZIrIdqyJdDefmfbNu9iwGKHG+A5hxlv9/pgV7kkqI2XwWv31Xh64foH+9j3sHM8kEd3h0Vv3zNxu9hjsyXnXTm3XodWTAEntz+TWRgQTRjyvp/V5f0WTKVkilSq5IxO01KApI94S95oJw9dMKcT88DxsCMjD1JeQJ9xOKqh/6x0SBBLiu8+3LyK6Htg2ERfd/4o/of0MfE371W/zv6np0j70/99u9fqf8Bx0fz3D76AYocAPX1v6Nv2LOzR79jTx3pIvVV+yeuFFcwUzZy+Fev1P9Y23dtvvlHhz//1+t/fPO2jYY+ASj+l60r3PvDj14prkd/ah/9fEM7rK3fi+Ik7Q+GxRW1uB219C3bcT0/CLPReLJxZvNs7h19QlXtjka/dKW4Sglg12tqRbntZU5q5amf+7l/fqW4rtjK8TIrtPInV4rr6q0slTneytRTDrDsC/7fkY5TCw3j31tXiuuKDR8v0/x5yI+GpM6W7m9riyXdtpot/d7XNTv4wCbCokhitdVtt9Sd/LrnhrftO/YBmh9NfdThcGhPXVfkDjDP42xu6oG9OiLdHDpkrx6LyYR09JaNUcxOIOcT+eZhFnnY+sH9R/Dplyz+2K/x1+GP+9preXJP6Vx/b/toMg06G9T83CvgzFO2qgJhB2AGOWZjpGS1lB7YgSSqWmIkKbu1lBjZ9P9TykwOqsYc4+M5D2fh0ddt8DN56snT0edtzIeSEOnXsX6Ki9dH12UKSDkPhw1M6iOq15QqFTdmj1uym4YqjAP8RBB+L08egmTKZ+B6m7jftuf8deTXnX/z1YeczyGDTLigIHTofGrJDPTfbNuBxPwI0O0SIUD3n8WWpcVa5etJ1sODZzqFQrPMCnp2tSlD78+PPNuaZeDGM5d4Sa237v9q/Q+fwJn2M/U/dAooUSbmY9VgZM88QD8/+rhjHf1j++g37aP/RwKP8FhOvB7yTD0jLv8xPovf5j6+zY905SNdiF6YdH351v9hu86Bh3GgrLxnRkCET8MUpuXHnhD32/aUoiQfMj5AqpQHxYcU8zkfdvmAW9beEwjQN5x/kY78fcoPb5PeMBbw47zCX5s/7iuvKOf37uUDFWYhRkKsBvhNADCkeSF/wbAWaNCDxaBD1d9lBe/Y7Bg9DuU+mBuwlwgk+YrnYNQfgJNMpj1OifLFiYz5hPVbUm8P9eYReAsEdHIRsjjhQRFItIkHMZ35WphcK8u2ZMwuN+ev2BzEl3Wa86U5day5YMXmAuRco7lAmts91ly4YnMhcq7RXAhC5xLSsF6IrRD5SHoB6tGkV7BhkB6ZsbBhkJ79e/eU+8qv3Uu+7zv+QXibwrRh8BbICh9C1ujyNmzg0VFDWtyQljSkpVzUYlD2yE5UTxZJsr4ZyPSNoZ0TI33iIyrwNsDwaJpih2rYiM+BlG5Gdhs2I4EjY+tKWo+L1ltaUdIKu3iNVmJpRVWtJCu1glXbOq0k0spu1Uq6Uisp8q3RSorlALsyqPPgEFgnCwqBlwQjPVRk04prZ1x3a6xYJnlbTy7+EgXKqof0l2VIV3NdgqSTka+j3A3N35bEE/JJckz8586zEdJVwQj/TeCODnwy/lD1HhfNjCxxzoEh5mO9+srjPWhWYqyo9TInH+1NM1R/lq8/Jg1cdj6uzs7SPQgN1DDFCpfedCh6GCy+ormSen+aPz/LlxbWSv48H8wxxYQ3zNSqYmHBXKwN53q1P96DGMKV13y60TBuLjakXWhI22lI22a9n1LpPJ/kW+qczABcQKdqi4v0i2qrmPMuqgvyIHPeBbUjDzLn7ahteZA5D7fsRq2kQhkyHWQwTGebTGdbmM42mc62ZjrnMN8pzEIX1USdU+rhr//J+/6aTH4XBCRZG+OyBcC2uFaX2S9SW4XkN8Gt3FzkHHiB855tkvQcuFXMgfkOcgDIVO0ILbp4BW3ABi+bRnngaZXOJqD7BNbx5ECXtAC9U4yVbbxrGiuX1KU24XsHpVcfQQJcX50ncGfUJoCrq5S2OIlrFMvqO6HuCTjSpDkXrdKWfIn0Ipb6amv/BdxtoLItyUoZLYUqhU+kPlb04cxj3XZRd8LbRI9d0jBEEah7VLxIr2eZ66wMpC+MnOw25EUOsXwTPxCwIFfMc5EktACYUQD8Z/asj4c8BD8KwV9l6m94H5ArUjghTXFw43JWZCCqxfABtnTPGDIMp4fJ0Vfso7sYLFCNHf1T3m5o1BLfRO2581vse6QS2ewBInvnwsVLRupPwQZtYfYbytQ2VBtFbZOG2oZ42VYbxj5AIdR18MIKvDMNFYbqTGuFISbwErCgG7CgA7AAtDVWm3Wo+t1Q9TugokquhCrrhirrgCoT7e/mErqSbsCSDsDIREvA4m7A4g7AQPgAwq1DNeiGatAB1QBKyxKqUTdUow6ooPokVEvoiirAxg0V4nVrhRHGdQlYrwKsqZ5eRz09vYFhoys9ci6XFxfjwCvWpmCxWCH/DuXfb3DlloeinSGPxhx1/379D4veYgRRl5NqdurpgV8w5Bb5uFVuQQ1jfsF6DNmDclbADgzYgQE7OxHs0IANzi2Ql2JXy0KiVeJfWxgTWcujoCHMkhK86uvPSFbC/mbtMxINQXAS3tuk0rVXToJ3bkcJwPFKeN88jne7wHv8AHhfT6AXvNuLeB/oz4hWwrtb+4xoRby3rWxOi/eRBri3Et7dDrz3HgDvPbS/Ht6T/7l5XBJZlh4yIzWMjRRRTmCd0kPWIT1kMq0a+aGaVjfa2Wi/g4321aiSHcbVhNE58Yw6Jp4RubbaKPh7J2Dd/H1oZIdxJSR1QjXsgGqo0gqqtBuqtAMq7kpvHkNX3A1Y3AFYLNLbRiW0dQAWdgAWQhpwF6F6IOkhqaBKuqFKOqDCgrSSHUrAatLDpFF6mHRID0EFWNANWNABWHCi9GCZub9tzs0LPfB0golvLOsKigqiNJbv3dCMxcwqI8PdMmSZ1MWLUcG0MpU1Mq0J8dHMtEaodnWmxbZ1Uy1iCaSxjbamWqDr4uzCxPNmNl5ibwTs6VWZoKbE3lg321+cG8Dh1WhJyukXX9XCwluxxOqhn1oDgb2T+qpN3jvVBFMIgoVA0i9mcsDRJpKUZClCiGjIIRw4Uqpore2rW2UPVNOiuGvXMzrQoUiv9uq92jdCzkld1tYvpxGQCkLsdRPiCSA3rCUMhp1j4nab4NSB3/XE7Tx8AASup+YXQlwSKaOSEMNWGa0ixJ5BU0WI8QkbEq1jZX2FN/bYoFeSXg3rvWpk3d4DyLprD+iCEMNuQmwD2ZBbcnx12FsixOgkObgDv+ttW+TBA9D82ouFLPm3iTO+7RuR+xx/zvNniz/bWgL3zEKI1wxykTDAHUnsqR1JxHa62ikSY5OY1BNTk9ivJw5M4rCemJlEiNFmc9N2Zdf0sWJzk1NZPjHrAAgFkMbqq6yWKQMLipbZGHWcdm8wy8+i/FidWdgWPKvONrZzRm2calsQ+vXyW88ujLITvmm9ETXl6uLswkadgXjtrbcJVPALEMcrQrz29puBOFmCeO0NNuxGLEKcrgjx2ptsBuL+EsTrSU4YSBNsZyxAPFgR4pbd17aWBgXEwyWI1xRhoHMvtbEGkqyCuEUoR961ZeVpJusYivMVxJP1xXuaYcuGPPazsIw5R5tcbu1s8bKltnnZbtSTBkbxGFZqPJpkyIwl+6mZ7IrmlmyqMjGpJ6YmsV9PHJjEYT0xM4kjYea/7Dq9A++ust4PJGdiWA4G+jrW+YuGnFjJIssTd69lX4BmYqhGT24jz1BlsBYlY4MlKLdvaJAeyYZUIIYr75eNUbmMqBZTHkxRA5iiZk9oU1TUIHaow0M2WdihZqbmJOea2tMWrCw2LIuNpNiopZjH2UkJQF8BL4L1uQ/rVGyc7WP8e9zUwh13jkOXNt1ig4Btaxq6Ytsr72tTJ7CE/txYoGH3lEZieh/S0xUvGNxwLVRsgHOnLCy27eB8oILH4Y8Q+LogTKgKF4B5oosk/zt0+gfBXb7+F7a24v997vB5eofax5ZfjsltT1foPkv4qX6HgRcMdfVzxJdqZv3MNIZGzOe3IOFy7j7Sh6+BA8so5IRdFJ98mFkloEHbmBqxA83m9mX+/Bh/ntTGUZfpmsAtbL2HDCFSDILzIPM5BaIuS7/7K/zZ1bu6QhNKe2FcnrmPosGE1mVBYUfsV3bEfrkpKYBY5fo/A7WLib+kq9wFHGC8Qqyjilhl6/4n8/5l7F26JFu3JNshX6V5+jr1fSUFT6j9AAWPMbzHHwUFu4IE99HKllylRAe8KGafQz+w5oGmYrlsgCyHtMlGFVAvgjpdUOfE2Fej+jsVgaJIQaDSnthX68IjFtbUzfJjUx7Z7qgNKb/RUl56QjApRtj4+S1b4xYG5CrRFtsgcOWB7mkCbgzThXzwpaRH19f4XqTHEvWJDA2izxDGT4KwiYwc6P0wce8+zqFPbMuPxx/4QNBef2/2BWcvT2Z9gBBQyxgBkkh6lJvxIS39slyeayS4oQ04+B60kylJyzVR5Kl2SVkCeOokJa0IFB9jjldlBP26Lc30q5eaNPjzCzMgXsXUnfmzz8HkAtirQxkbSFjBX1yC+8d9Xdun5Okv1BqX8flVafxr9cbrHEHZpqFp8t9DG0aPXJO8ba9uIc9Eda3+R7N5u81s3uk2m7cazdmdVrN5p9VsnqbY9lpm823Wzeubzdvvidm8/Z6Yzdvvgdk8rMwF++9It6mFZn/YRvN2p2n7qYzm7cIc/7hnz3flC3WTLTbzbfb7WmXirLMWtzQM1tX6n3YiSr7Zc4bcq3LNmtc1a16xP4f5Wjw3K2Rn9iVzH9GsLYXblrF7c4zp5Iasb4VdRqKfOAy0gmLEtaVe3XxH9tD5rtKiabNIbYArNRlry3fsSjHdsjppW22gkbXF7Upf3KZ9ahG7AeVp1j2UpKEY1qtK4GVUmDtqy2f5/nIp1NK0StdfCFXqyDYdYXYKxeOirI9u7OlubIGNG2/EHBd7uv+9E7oacu7wVJbdpLCRxqx/gqIbG6bDU5lzOyd8a+07g+o7h6fS15hvCatvGZ7SSFs8LcyKT9SJU1ukAWxcaedMoIG96ZqFoKsXgsl/DOz+bcMxeoZjRMscI6hxjNBwjIJTuMIpXFngLHCKcjRFHBHxAqdIimG9zCn6CyOlRfPSpknJ41OMoOQk5WanAfjaOh16F5lR2SNeyoGvOUW/sEzqtKSOTzGoT7RXOYWpeb6oKqg4RQts4JSxfK/pfe+kju6fikskBU5LHtHSTbr+9R0+zGirDTPHDDNHD7Pk267rH9h3nNuyxsF6aE/72Yi9LBUZXLjSWfugyacBa0QqOSJjcZ5Qnq87xGHLncqAqOYQZ717Dd94iV1Bh7iEDnGJdoiL76m4cohLgc9Y8t97CEusoiXjCUdnqIhmuREBFZJMS6c2YvHz+nId/l8fwKosIgoirWLC+n/uL1VoKsp9BhTAwu0nHEsUJBG9sLRv1wEkFng235odHjovQBFx///YN5EgsQ9eyGH+/9b9f+1pnQKSf+mt+3/g3sBN/9bMfmGOCzMfHh7+sdE7qPhX+LFXXnmDqT9wb9xMfKkOmgxphqWyW8lP2YTerqCHx3pCBUoPWBd7ZI/dDP2J8acWNcp/SZyUIlaLHTLNlJstkI1bkmp4oz2IdhveBFrZN9SGDJlw2kyrkoay65DoHSWMJmNbAh8ybSzRb7Qt6XfYlrhKB60wfFgqZFpfV5g0VOhyWLVUSO3YULYjCJOxFCrBGzRaCg06LIVEWabr8bqh8jqgAuUJVKqCKuqGKuqAintMJVR+N1R+B1Q+fTTEm6aEKq6gShvNjdIOc6OggirohirogCqAbYKhvhqfC/XWpGu2Jt1Oy0P7uCGf3h0uZ11o3Na14ltvzjVsuafB9pbAzk4E21vadw1PgrxjeXmKXXlHRRpyfwlytTrkSkPuPwDk682R4o0FL9XFXewC8t3VId/9EUC+m3z5jF5HC/Mda+Y7EeY70Z7JmunSKI7QuU0RUQqW3O/mLv127lKzTuGGTkvkFdRqODWrknaGjZx62MGpw4rxD1U5lwy7GFDYzoDER7qQAwdFbWkB3qCxtkHHzOQpjeoMhNGBAnp9mDZGjfa2o1aI+5R82jCcFbMO3FPaq/faq8esQ0vXQTELDrtQ0TEL0s+qqCMtYFl/JvUNOhXG1Q8Lnf6J6PS70el3oNPnJF6gM+pGZ7QKOqNudHaLAIFB5y7sZFZDZ9KIzqQDnUE7OpNingenaRf9gg7RL6D0UaAzrtDZb5Q7+h3oTIo60gKWpLGOpEN2GRdMt1fIHJaRGNpmjcpKN8Wkk2irqqTBvM9dNO9z9VK0EkpOnNo7nIDWm9rZ9gkr03bbvhboOv2NFi1sS+mHDLXDTK2U2Y45X5xCbFvT8MeV+BTSl169L8NCU/+J7p2DDkjWRiAdxBeMI0sh7CQE+ksy2Ikk1iaurK8VbEOgvyICOyBZG4EIlrNo5lzKgisj0IiCwQMgcE317J8nBO4mb4T24PZxw0cSIVfHxCXXo2brxy/MHeV9KtddqN9a7RdFW2t036Nj+u02Hei4dR9ldCp9eGassbBXlA8XbPTGbTtAWse8to2eZn/aanNRB99mq4lvPaWl5HDBGnCstb/ra46F39Qg7q0I8doWlwbidAnita0K9QCvQRydBPFAQ3wK287hgv3iQJ1yH0/b1q1iP9cTtuaJ6dwu1Y7y3jeqcF8M5hSufRm998454UHvNuVibQPUk+CSPRmAEutVh49tjHszaUjLGtJGDWnw64Y85pQRmWIdkSmSQb9xilBasGzmBgRH6WZh5TmpbBrPNLLCTbj5NVofS+kW36eWXpowKOhaEMMaVVuLllvQLbao2mZ6bcvOSPtpngaZmwVoo8rsdLMdtLWNRU+NqvFKqFrP9R3EyBivGK8xR1asI7H+SGj+zwMVNwk+7ymt/vCpr/sT3ysaSySEiUTQFetkxHMU62Ql7qNgz21EuDLBNRFwJxGW1HeGXiCr9XczVRqr9dPRAUfB5pJVejPtb5yKACKRWcpWxiu1sn6Hi5xRtjJZqZW1x2tE2aBOVoaaLENNmaEmZahtN2EMS8oRiJXHCGY97jZKDEcT9ZLhxbHHyLsbjM+H+8e2ud8CXzwGVo9FNOjlMSQTpvnYSIW6i1chqahGUuhSI0P0javtepzfxInK1i6V+WWLRR1No152xeHpqxigutq9Jo4GMkag5GLE9EdEOopEOoq0QS7t5quA6NWebbVNHpRhxam+6jMqDIJeMgg4AombBN4yjareQOLXp7TXNzHFIxMtDrvVx+rqzwWIdJ6dkdL2flGad2XpEmDTHalxGZNgsaBSCRELOoKNTxkRNFJ9FolLptD/kTKF+D1hCvF7whTi94QpxGQKUIqSKfSFClLDFFLDFFLDFNKCKQzEekTC0Cf/0ne9A/9OgIjx9+8fHNT/GNkS1/v1PzlmwS6tQhgRzfjafo9GIUN89Pdt2bDNCuVpoo2vdHRYGIYwRqxEh33ttS+SmfDNUN4M+WaoTUZ6r4gNxavTEGPMfljgodeCO0t/VswPYNfxZZ1FRwV1v/nwX/r48G+++uVXc//Lb8A4DMoP1vH87N4bsL1w5zDGePkFTIdih+FUdhg3aWaGV9+CWmVCBcUs2/8W7gaFXQsq9+8pv2bA0jDZDsvgwYKbhlj6KWGp/wF73twYUQxod27sXL5HCxsxVzNa4xOt0TpUtevZoknk3bylGcYgq8K9Duv649P4vdW8iQoaQCxFUoLQwCuvYIMm+Pvoa5/Wf1M7kQNKpq6OkZn8w9hNJMQxtknBT+EIJD5AHt2IQp7aQeumDzEp5IEVePI+pDP4cAtKZfpLOP1xhzu5gc01AITJjxOda9xL4OVHz58UXL/g9Kr/qJz44GpXKhxvYFbPcuSIL5G9ubJ29co6mNFUi7MGbBkk3uMcswjf3sCOJCCzHts20QebpLrCfcsMuLFM5DUzrDFduAu3izGxOJaRNOZIGstI0oZWtSGQZ94dTdXZt+5pqk5A1JPGZYzHaN9iQDWNW4EBXykMtDa4hTKWWHUbtNTipbDUMpyqBrGnq8Y0MWY077FE8x5LNO8xo3kT6BdusqwnJ5x4tSjUvvToA+JcBdnZfGQG/KQ24EeGJWzeU5vVwN/owke80pgnzqAwpM3phGN+oz7mMVcUlexeLa41/4POmjPTFcuVnjS7Nba4bki5/4t2UOLz+vIPlntcLff4yHSqt9yp0cy9NfP2eX1BciI/ObVIOksdbTo3Dy+LTV9I075N6rQon4K3VtZ9cWndF2rrvriw7otr1n2I5ltY98V16764Zt0Xqs0G675YzyrxknVfJW/j0xZhJ5T8zLl8pPkSfAAsIuvF6gaC0OghRDC3F00o02TLknj2MznuSQvfcF8bJrON5KKcuUSnLbiEPSKeXnY2YIqU5Av+zSydmDxq2wfaCS3QJ/jY4l9K18y92eGbFp3cwOO26cLIB/E5xAi8ZTJ6kgoX1KTPau0PwBGN9X4HB2lJxTzmRmbIyuHOofsYh2HpkVg4yAWzAfwc+Xo+l0gV6EyEXYCXq1h7u9q2swyprC09Izpc7iOfoBSm5Hzy5zXE+kSmDrJcm0tqvoPe7A+tPTQs8ZVx1JNnzDD/SFLlSAHGhJg6NXe35DdCx7vtHsjxQpoV+AwsK36tnwVRaB4ph8hcLR711qaEkMaUSv34CiHxyL1OtakRk2TiKoJ6wJkikPk24HwbyHz7aw//uze++Jdfu8cY+uaUrPoHcf/7Nx7Z/oP630rHDLksnPLzN4rw/pZ36NBlqDp/CAjBbcL0VeqU6s7VqvMWq5sGIpfooP8lrhm4O9CLxkOa9Cx1UdDsWxXIvjva++lqB7XiyX96pbieNihgS00NXFZDHvBwq54hsP2SopLCa/vlIolyU+HafWjXPlMH7l8d0TsG0YU7xiKuiw3xk84b6NoQX5ek/fpX6Z2RRMNntkkqkk/+SeT2dEx0cTSPyYgiOYQCtt4eDwmz6Q3u65jmn7M1d3tCW1/nKdg8wj7TJhs8aNbbz+Faf+hRLITfsU2XcFPyC2XJHt1M1FK+Dxb5vlTPN1jMx/6y6Yds8n6xnjdeyJsUHFN7tQsfZlDlaA8iBthfMEv259mlGnurs9kizrsJ4S4R3wOJ+O7raO5Yo4mHs1jju+DHrNOnZzKq5Q22fLPeYu3HHO1fJVARo3TPxaeg6SwcHC2CNVeyL6jmDCfnnGm+EzCcuydOHRKUgCM9MA46tBkE6HNzKkhexFo75XEKp9qtq52H1idP7QtP7ZOn9oWngpc2qWv7DWmDplVlk0pY+bmnjySowlD09b68PqploDfn+UAffq+Ibk/PMa+Ibp+JLGsWYLTcfJtruMxEt2/+Gs4eH3wVEiXXyZx21ZihEP6GBLgflGfUFX2XzKnAKTsxXugn3/Qbqv4ul7jv2LpDP150aJny1Lw6+KXy4WzzYezo3vW0URz/gwKS5dPvxPU+90QJ4omhcRnqwZXA9UROGfKhPBsz+Veu4931tUA0lWqeytNHinMarsoaM1ZFOAKJf/ALKi5CVCTlMXV71ObrGBW07zWi2kP8+WAtOsVVHcNACMSpjrjjcZQlvE4Rax91OFXw/NrxhSIpMiBFWAWkAJ9hGIqoDEMB6fR1iTzRY5gBRJ5g3IyQsVMcbekhIhojS+iiU0YIwLYHAkM4CAwRmrAnKCNRIYJDNlFEhQhNXRSCbR1NgoWCslBPCvVaChVH/T2vgyv8rkQv2DGhI0ToBXyMF+H4OjDJYrwIW2vKXMdmHBmbYTp8frxffDzTPryUds29+zLTLy+lS+JDy4lmqg74cvf4y+QY/nsS6kMFgnJGO4+A8h71Ygz24ctCwzcTA4DTs8j+Na6JXVFqeJlDt02+fWImTPuzMn0ce/vkTGjr5ea3ambrWbN8bddfX555empsLv3QzNczYvnaMa+dAvRd3fwXl2rYMoE+kMCO8309AhY7ztXzv4vjf4oAQEmFwrgKAERBgEQcVQFUGIM3BU5jc9SkjlPzhLA4AFnE/rnm/LI5xZJ3PMgykmApHg+yNOSJCswZlsjTeIxlzsFgwqSwZFyWLM6wbC3p1Kg7MLE5cAircjMTo4MbOFhqEqfQgPCuV07VgWE0X5XAiRQcCibxNXsxgE15IocOOQQWUWdrRdAVj33htQddSV7CGLJvy7zllkd/aS0oHZ9l0c54IXLk2koCqr9wiKmfDRP+uslSxKLk34fuGVCBe1t3o+DyZaoO0qn43lHIS80BOT2IeWCs4GkYUbIC1po+FPksewACZCYveLfpHOjQPQhwtycH7eiYROdFHymH7DAs0XkTluichCUaLQhv51nz8zoeUVAwe56Dck4NM9+EvinOTsVkqM5piCQq0NcpPWc8pFjGxmZdWSnBwSfGlRL7OjiWBoksTCcABFlgcOz59IzRTfRwAoruFHw5TvORbrkEeeKiRHM0y7eeOlNOx0rPrJeKWfkisjbNyvjXNiu3HTTTYUzcY7fqs+gW9COb1I/UQwFxxO9UI/6CCjniw3LS2lKxnrRwCo668NFtue48uchBQzO4cR4QYhjdVT4G6I4ZoMgtA3RbBuh2WXW+YypKqCuoV6AH+Zp19GS0mhhejpiFKcYdop075u/9PLoxEx0NJrRSyo+rwR0UokNEnTaPtOoJQUckPB6UnJWaFS28YU90nlPE0qqLYaHDyMr1n5GJXHaFW8hEX4NdrVGPB4syhrdfMJC6ZFTrq3pQbM1MCsbutDH2/wDGftc9aJBN8FWfypcEFE+Gbx4zNS7n1lyG1xN50iK81MxUjwsvZPT2WsKL4fH2qYSXxPSmZNIcPtYwxRqmuA5TeYpyyLOQgwqw+CTAypIBS9agi9uhe8M2ukJq2y0NKg8RZQmrmIzYqzZ71e6YIv4/mezN2w==");function ou(r){let e=new Uint8Array(r),t=8,n=()=>{let o=0;for(let s=0;;s+=7){let a=e[t++];if(o|=(a&127)<<s,a<128)return o}};for(;t<e.length;){let o=e[t++],s=n()+t;if(o!==2){t=s;continue}let a=n();for(let u=0;u<2;u++)t=n()+t;let i=e[t++];if(a===1&&i===2&&e[t]===3)return e[t]=1,e;break}throw new TypeError("Cannot unshare the kernels: their only import is not a shared memory")}async function au(){return await WebAssembly.compile(await uu())}async function iu(){return await WebAssembly.compile(ou(await uu()))}async function uu(){return await zf(await Wf()?ru:nu)}var su=Uint8Array.of(0,97,115,109,1,0,0,0,1,8,1,96,3,125,125,125,1,125,3,2,1,0,7,5,1,1,97,0,0,10,22,1,20,0,32,0,253,19,32,1,253,19,32,2,253,19,253,133,2,253,31,0,11);async function Wf(){if(!WebAssembly.validate(su))return!1;let{instance:r}=await WebAssembly.instantiate(su),e=r.exports.a,t=1+2**-12;return e(t,t,-(1+2**-11))===2**-24}async function zf(r){if(r[0]===0)return r;let e=new Blob([r]).stream().pipeThrough(new DecompressionStream("deflate"));return new Uint8Array(await new Response(e).arrayBuffer())}async function cu(r,e){if(typeof r=="object")return new Gt(tt.on(r));if(r==="webgpu")return await Do({force:!0});if(r==="auto")try{return await Do()}catch(t){if(!(t instanceof M&&t.code==="ERR_DEVICE_UNAVAILABLE"))throw t}return await jf(e)}async function jf(r){let e=Gf();if(!e&&r!==void 0&&r>1)throw new M("ERR_DEVICE_UNAVAILABLE",`Cannot use ${r} threads: memory cannot be shared here. A page needs the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp; or use one thread`);return e&&r!==1?vo({kernels:await au(),...r!==void 0&&{threads:r}}):vo({inline:!0,kernels:await iu()})}function Gf(){let{crossOriginIsolated:r,Worker:e,SharedArrayBuffer:t}=globalThis;return e!==void 0&&t!==void 0&&r!==!1}var Hf=1;async function du(r){let{name:e="model",quantization:t="none",lanes:n=1}=r,o=[r.weights].flat().map((g,x)=>lu(`${e} (weights${x>0?` ${x+1}`:""})`,g)),{vocabulary:s}=r,a=await Pa({weights:o,...s!==void 0&&{vocabulary:lu(`${e} (vocabulary)`,s)}}),{checkpoint:i,tokenizer:u}=a,{shape:c}=i,d=()=>cu(r.device??"auto",r.threads),l=await d(),{kind:f,name:p}=l,h=async()=>{l??=await d();let{progress:g}=r;return await l.load(i,{lanes:n+Hf,quantization:t,...g&&{progress:g}})},m=await h(),b=await a.fingerprint(),v={fingerprint:b,shape:c},w=await qs({model:{id:e,shape:c,fingerprint:Q(b),parameters:Or(c),quantization:t,device:{kind:f,name:p},lanes:n},format:v,tokenizer:u,maxWaiting:64,async load(){let g=m??await h();return m=void 0,g},lost(){l=void 0}});return{model:{name:e,fingerprint:w.model.fingerprint,parameters:w.model.parameters,layers:c.L,width:c.D,vocabulary:c.V},device:{kind:f,name:p},turn:(g,x={})=>Vf(w,v,g,x),async close(){await w.dispose(),await l?.dispose()}}}function Vf(r,e,t,n){let o=[],s=!1,a=y(),i=()=>{a.resolve(),a=y()},u=Kf(r,e,t,n,c=>{o.push(c),i()}).finally(()=>{s=!0,i()});return u.catch(()=>{}),{result:u,async*[Symbol.asyncIterator](){for(let c=0;;)if(c<o.length)yield o[c++];else{if(s)return void await u;await a.promise}}}}async function Kf(r,e,t,n,o){let{codec:s="int8",maxTokens:a=256,temperature:i=1}=n,{topK:u=0,topP:c=.5}=n,d=n.save&&await qf(n.save,e),l=Rs({engine:r},{save:d,input:typeof t=="string"?{prompt:t}:{messages:t},maxTokens:a,sampling:{temperature:i,topK:u,topP:c,minP:n.minP??0,presencePenalty:n.presencePenalty??0,frequencyPenalty:n.frequencyPenalty??0,penaltyDecay:1,logitBias:new Map},seed:n.seed,stops:n.stop??[]},n.signal??new AbortController().signal),f="";for await(let p of l){if(p.type==="text"){f+=p.text,p.text!==""&&o(p.text);continue}let{device:{name:h},id:m}=r.model,b={engine:`@gosling/engine ${m}`,device:h},{bytes:v}=Oa(p.save,e,s,b),{promptTokens:w,completionTokens:g,position:x}=p.usage;return{text:f,finish:p.finish,save:await Ca(v),usage:{promptTokens:w,completionTokens:g,position:x},milliseconds:{prefill:p.timings.prefillMs,decode:p.timings.decodeMs}}}throw new B("ERR_STATE_UNREADABLE","Cannot end the turn: the engine gave no save")}async function qf(r,e){let t=new Uint8Array(r);if(!Na(t))throw new B("ERR_STATE_UNREADABLE",`Cannot open the save: its ${t.length} bytes are no portable save. A server's sealed one can be opened by that server alone; ask it for a portable one ("state_profile": "portable")`);return Da(await Ia(t),e)}function lu(r,e){if(e instanceof Blob)return Ua(r,e);if(e instanceof ArrayBuffer)return fo(r,new Uint8Array(e));let t=e.buffer instanceof ArrayBuffer?e:new Uint8Array(e);return fo(r,t)}var Qf="gosling-model",Yf=new URL("model/",self.location.href),it,Lo=new Map;self.addEventListener("message",({data:r})=>{if(r.type==="abort")return Lo.get(r.id)?.abort();(r.type==="open"?Jf(r.id):Zf(r)).catch(t=>self.postMessage({type:"failed",id:r.id,code:t instanceof de?t.code:"ERR_UNKNOWN",message:t instanceof Error?t.message:String(t)}))});async function Jf(r){it??=pu((n,o)=>self.postMessage({type:"progress",id:r,done:n,total:o})),it.catch(()=>it=void 0);let{model:e,device:t}=await it;self.postMessage({type:"opened",id:r,model:{name:e.name,fingerprint:e.fingerprint,parameters:e.parameters,device:t.name}})}async function pu(r){let e=await(await fu("model.json")).json(),t=0,n=async o=>{let{body:s}=await fu(o);if(s===null)throw new TypeError(`Cannot load ${o}: it is empty`);let a=s.pipeThrough(new TransformStream({transform(i,u){r(t+=i.length,e.bytes),u.enqueue(i)}}));return await new Response(a).arrayBuffer()};return await du({name:e.name,weights:await n(e.weights),vocabulary:await n(e.vocabulary)})}async function fu(r){let e=new URL(r,Yf),t=await caches.open(Qf).catch(()=>{}),n=await t?.match(e);if(n!==void 0&&r!=="model.json")return n;let o;try{o=await fetch(e)}catch(s){if(n!==void 0)return n;throw s}if(!o.ok){if(n!==void 0)return n;throw new TypeError(`Cannot load ${r}: ${e.host} answered ${o.status}`)}if(r==="model.json"&&n!==void 0){let[s,a]=[await n.text(),await o.clone().text()];s!==a&&await Xf(t)}return await t?.put(e,o.clone()).catch(()=>{}),o}async function Xf(r){for(let e of await r?.keys()??[])await r?.delete(e)}async function Zf({id:r,request:e}){let{model:t}=await(it??=pu(()=>{})),n=new AbortController;Lo.set(r,n);let o=performance.now();try{let{state:s,seed:a,stop:i=[],state_codec:u}=e,c=(await it).turn("prompt"in e?e.prompt:e.messages,{signal:n.signal,stop:[i].flat(),...s!==void 0&&{save:Wa(s)},...a!==void 0&&{seed:a},...u!==void 0&&u!=="none"&&{codec:u},...e.max_tokens!==void 0&&{maxTokens:e.max_tokens},...e.temperature!==void 0&&{temperature:e.temperature},...e.top_p!==void 0&&{topP:e.top_p},...e.top_k!==void 0&&{topK:e.top_k},...e.min_p!==void 0&&{minP:e.min_p},...e.presence_penalty!==void 0&&{presencePenalty:e.presence_penalty},...e.frequency_penalty!==void 0&&{frequencyPenalty:e.frequency_penalty}});for await(let b of c)self.postMessage({type:"text",id:r,text:b});let{finish:d,save:l,usage:f,milliseconds:p}=await c.result,h=Fa(l),m=p.prefill+p.decode;self.postMessage({type:"done",id:r,end:{id:`local-${r}`,object:"generation",model:t.name,finish_reason:d,usage:{prompt_tokens:f.promptTokens,completion_tokens:f.completionTokens,position:f.position,prefill_saved_tokens:f.position-f.promptTokens-f.completionTokens},state:h,state_bytes:h.length,timings:{open_ms:0,prefill_ms:p.prefill,decode_ms:p.decode,seal_ms:Math.max(0,performance.now()-o-m)}}})}finally{Lo.delete(r)}}
