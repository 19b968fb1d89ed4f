package fiction

// story is the clinical part of one kind of stay, in marked-up text of our own.
type story struct {
	principal   string
	histories   []string
	denials     []string
	examination string
	course      []string
	procedures  []string
	drugs       []Drug
	returns     string
	followUp    string
}

func illness(s Source) story { return pick(s, stories) }

var stories = []story{
	{
		principal: "Community-acquired pneumonia",
		histories: []string{
			"{age}-year-old {man} who presented with four days of [p productive cough], [p fever] and [p shortness of breath]. {He} denied [p- chest pain] and [p- hemoptysis]. Outpatient [m azithromycin] had not helped.",
			"This is a {age} year old {sex} admitted with [p cough] and [p pleuritic chest pain] for one week. There was no [p- hemoptysis]. [p? Pulmonary embolism] was considered in the emergency department.",
		},
		denials:     []string{"Negative for [p- nausea], [p- vomiting] and [p- diarrhea]. No [p- dysuria].", "Patient denies [p- abdominal pain], [p- headache] or [p- rash]."},
		examination: "[p Crackles] at the right base. No [p- wheezing]. Abdomen soft. No [p- edema].",
		course: []string{
			"[x Chest radiograph] showed a right lower lobe [p infiltrate] without [p- pleural effusion].", "{He} was treated with intravenous [m ceftriaxone] and [m doxycycline] and weaned to room air by hospital day 2.",
			"Blood cultures had no growth. [x CT angiogram] was negative for [p- pulmonary embolism].",
		},
		procedures: []string{"CT angiography of the chest"},
		drugs:      []Drug{{"Cefuroxime", "500 mg", "tablet", "Take 1 tablet by mouth twice daily for 5 days", ""}, {"Guaifenesin", "600 mg", "tablet", "Take 1 tablet by mouth every 12 hours as needed", ""}},
		returns:    "Return to the emergency department if you have [p~ fever], [p~ worsening shortness of breath] or [p~ chest pain].",
		followUp:   "Repeat imaging in 6 weeks.",
	},
	{
		principal: "Acute on chronic systolic heart failure",
		histories: []string{
			"{age}-year-old {man} with known [p ischemic cardiomyopathy] who came in with two weeks of [p dyspnea on exertion], [p orthopnea] and [p leg swelling] after missing doses of {his} diuretic. {He} denies [p- chest pain] and [p- syncope].",
			"The patient is a {age}-year-old {sex} with progressive [p leg edema] and [p weight gain]. No [p- palpitations]. No [p- fever].",
		},
		denials:     []string{"Denies [p- cough], [p- fever] and [p- chills].", "No [p- nausea], no [p- abdominal pain], no [p- melena]."},
		examination: "[p Jugular venous distension] present. Bilateral [p crackles]. Two plus pitting [p edema] to the knees. No [p- ascites].",
		course: []string{
			"[x Echocardiogram] showed an ejection fraction of 30 percent. {He} was diuresed with intravenous [m furosemide] with a net loss of 6 liters.",
			"Troponin was flat and there was no evidence of [p- myocardial infarction]. [p? Sleep apnea] is suspected and further testing is recommended.",
		},
		procedures: []string{"Transthoracic echocardiogram"},
		drugs:      []Drug{{"Furosemide", "40 mg", "tablet", "Take 1 tablet by mouth twice daily", ""}, {"Spironolactone", "25 mg", "tablet", "Take 1 tablet by mouth once daily", ""}},
		returns:    "Call the [p~ heart failure] clinic if weight rises by more than 3 pounds in a day or if [p~ shortness of breath] gets worse.",
		followUp:   "Heart failure clinic within 7 days; check potassium and creatinine.",
	},
	{
		principal: "Cellulitis of the left lower leg",
		histories: []string{
			"{age}-year-old {man} with three days of [p redness], [p warmth] and [p pain] of the left lower leg after a scratch. {He} reports [p chills] but no [p- fever].",
			"The patient is a {age} year old {sex} who presented with a spreading [p rash] and [p swelling] of the left leg. {He} denies [p- trauma]. [p? Deep vein thrombosis] could not be excluded at first.",
		},
		denials:     []string{"Denies [p- chest pain], [p- dyspnea] and [p- cough].", "Review is negative for [p- nausea], [p- vomiting] and [p- headache]."},
		examination: "Left lower leg warm with [p erythema] to mid shin. No [p- crepitus]. No [p- abscess].",
		course: []string{
			"[x Duplex ultrasound] was negative for [p- deep vein thrombosis].", "{He} received intravenous [m cefazolin] and was changed to oral [m cephalexin] once the [p erythema] had receded.",
			"There were no signs of [p- sepsis].",
		},
		procedures: []string{"Venous duplex ultrasound of the left leg"},
		drugs:      []Drug{{"Cephalexin", "500 mg", "capsule", "Take 1 capsule by mouth four times daily for 7 days", ""}},
		returns:    "Return if [p~ fever] develops, the [p~ redness] spreads, or there is [p~ drainage] from the leg.",
		followUp:   "Visit with the clinic nurse in 3 days.",
	},
	{
		principal: "Upper gastrointestinal bleeding due to gastric ulcer",
		histories: []string{
			"{age}-year-old {man} with two days of [p black stools] and [p lightheadedness]. {He} has taken [m ibuprofen] daily for [p knee pain]. No [p- hematemesis].",
			"This {age}-year-old {sex} presented with [p melena] and [p fatigue]. {He} denies [p- abdominal pain], [p- weight loss] and [p- dysphagia].",
		},
		denials:     []string{"Denies [p- chest pain] and [p- shortness of breath].", "No [p- fever], no [p- jaundice], no [p- easy bruising]."},
		examination: "[p Pale] conjunctivae. Abdomen soft with mild epigastric [p tenderness]. No [p- hepatomegaly].",
		course: []string{
			"[x Upper endoscopy] showed a clean-based [p gastric ulcer] without active [p- bleeding].", "Two units of packed red cells were given. [m Ibuprofen] was stopped.",
			"Samples were taken to rule out [p? malignancy].",
		},
		procedures: []string{"Esophagogastroduodenoscopy with biopsy", "Transfusion of packed red blood cells"},
		drugs:      []Drug{{"Pantoprazole", "40 mg", "tablet", "Take 1 tablet by mouth twice daily before meals for 8 weeks", ""}},
		returns:    "Come back at once for [p~ vomiting blood], [p~ black stools] or [p~ fainting].",
		followUp:   "Gastroenterology in 4 weeks for results.",
	},
	{
		principal: "Acute exacerbation of chronic obstructive pulmonary disease",
		histories: []string{
			"{age}-year-old {man} with severe [p chronic obstructive pulmonary disease] presented with [p wheezing] and increased [p sputum production]. {He} denies [p- fever] and [p- chest pain].",
			"The patient, a {age}-year-old {sex}, came with [p shortness of breath] at rest for two days without [p- leg swelling].",
		},
		denials:     []string{"Negative for [p- hemoptysis], [p- weight loss] and [p- night sweats].", "Denies [p- palpitations], [p- nausea] and [p- vomiting]."},
		examination: "Diffuse expiratory [p wheezes]. No [p- cyanosis]. No [p- clubbing].",
		course: []string{
			"{He} improved with [m albuterol], [m ipratropium] and a course of [m prednisone].", "[x Chest radiograph] showed [p hyperinflation] and no [p- pneumonia] or [p- pneumothorax].",
			"[p? Bronchiectasis] is possible and should be looked for as an outpatient.",
		},
		drugs:    []Drug{{"Prednisone", "20 mg", "tablet", "Take 2 tablets by mouth once daily for 4 days", ""}, {"Tiotropium", "18 mcg", "capsule", "Inhale 1 capsule once daily", ""}},
		returns:  "Return for [p~ confusion], [p~ fever] or [p~ increasing breathlessness].",
		followUp: "Pulmonary clinic in 2 weeks.",
	},
	{
		principal: "Acute pyelonephritis",
		histories: []string{
			"{age}-year-old {man} with [p flank pain], [p dysuria] and [p fever] to 102 F for two days. {He} denies [p- hematuria].",
			"A {age} year old {sex} presented with [p rigors], [p nausea] and right sided [p flank pain]. There is no history of [p- kidney stones].",
		},
		denials:     []string{"Denies [p- chest pain], [p- cough] and [p- diarrhea].", "No [p- constipation] or [p- rash]."},
		examination: "Right costovertebral angle [p tenderness]. Abdomen without [p- guarding].",
		course: []string{
			"Urine culture was positive. {He} was treated with [m ceftriaxone].", "[x Renal ultrasound] showed no [p- hydronephrosis] and no [p- abscess].",
			"[p Hypokalemia] was corrected.",
		},
		procedures: []string{"Renal ultrasound"},
		drugs:      []Drug{{"Ciprofloxacin", "500 mg", "tablet", "Take 1 tablet by mouth every 12 hours for 7 days", ""}},
		returns:    "Return if [p~ fever] lasts more than 48 hours or if there is [p~ vomiting].",
		followUp:   "Repeat urine test in 2 weeks.",
	},
}

var comorbidities = []struct {
	name string
	drug Drug
}{
	{"Hypertension", Drug{"Lisinopril", "20 mg", "tablet", "Take 1 tablet by mouth once daily", ""}},
	{"Type 2 diabetes mellitus", Drug{"Metformin", "1000 mg", "tablet", "Take 1 tablet by mouth twice daily with meals", ""}},
	{"Hyperlipidemia", Drug{"Atorvastatin", "40 mg", "tablet", "Take 1 tablet by mouth at bedtime", ""}},
	{"Hypothyroidism", Drug{"Levothyroxine", "88 mcg", "tablet", "Take 1 tablet by mouth every morning", ""}},
	{"Atrial fibrillation", Drug{"Apixaban", "5 mg", "tablet", "Take 1 tablet by mouth twice daily", ""}},
	{"Gastroesophageal reflux disease", Drug{"Omeprazole", "20 mg", "capsule", "Take 1 capsule by mouth before breakfast", ""}},
	{"Depression", Drug{"Sertraline", "50 mg", "tablet", "Take 1 tablet by mouth once daily", ""}},
	{"Osteoarthritis", Drug{"Acetaminophen", "500 mg", "tablet", "Take 2 tablets by mouth every 8 hours as needed", ""}},
	{"Gout", Drug{"Allopurinol", "100 mg", "tablet", "Take 1 tablet by mouth once daily", ""}},
	{"Benign essential tremor", Drug{"Propranolol", "40 mg", "tablet", "Take 1 tablet by mouth twice daily", ""}},
}

var pasts = []string{
	"History of [ph appendicitis]", "Status post [xh cholecystectomy]", "Prior [ph stroke] without [p- residual deficit]", "Remote history of [ph kidney stones]",
	"Status post [xh total knee replacement]",
}

var allergies = []Allergy{
	{"Penicillin", "hives"}, {"Sulfa drugs", "rash"}, {"Codeine", "nausea"}, {"Latex", "contact dermatitis"}, {"Shellfish", "anaphylaxis"}, {"Aspirin", "wheezing"},
}

var families2 = []string{
	"Mother had [pf breast cancer]. Father had [pf coronary artery disease].", "Father died of [pf myocardial infarction]. No family history of [p-f diabetes].",
	"Sister with [pf rheumatoid arthritis]; mother with [pf hypertension].", "Brother has [pf colon cancer].",
}

var socials = []string{
	"{He} quit [s smoking] ten years ago. Drinks [s alcohol] on weekends. No [s- illicit drug use].", "[s Smokes one pack per day]. Denies [s- alcohol use].",
	"Lives with family. [s* Never smoker]. No [s- alcohol].",
}

var instructions = []string{
	"Low salt diet. Activity as tolerated. Weigh yourself every morning.", "Regular diet. No heavy lifting for two weeks. Keep the leg raised when sitting.",
	"Drink plenty of fluids. Finish all [m antibiotics]. Rest as needed.",
}
